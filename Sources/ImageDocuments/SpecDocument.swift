import FoundationEssentials
import OCISpec

/// The one way in and out for JSON documents of images.
enum SpecDocument {
  /// Decodes after the guard; returns the value and the outermost keys as they were spelled.
  static func decode<Value: Decodable>(
    _ type: Value.Type, from bytes: [UInt8], named name: String, limit: Int
  ) throws(ImageSpecError) -> (value: Value, keys: Set<String>) {
    guard bytes.count <= limit else {
      throw .tooLarge(name, size: bytes.count, limit: limit)
    }
    let keys: Set<String>
    do throws(JSONGuard.Failure) {
      keys = try JSONGuard.check(bytes)
    } catch {
      throw .malformed(name, error.explanation)
    }
    do {
      return (try JSONDecoder().decode(type, from: Data(bytes)), keys)
    } catch let error as DecodingError {
      throw .malformed(name, error.explanation)
    } catch {
      throw .malformed(name, "\(error)")
    }
  }

  /// Sorted keys and plain slashes, so that equal values have equal digests.
  static func encode(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(value))
    } catch {
      // Only a non-finite number can fail, and these documents hold none.
      preconditionFailure("JSON of \(type(of: value)): \(error)")
    }
  }
}

extension JSONGuard.Failure {
  var explanation: String {
    switch self {
    case .malformed(let offset): "no valid JSON at byte \(offset)"
    case .tooDeep(let limit): "nested deeper than \(limit) levels"
    case .duplicateKey(let key): "the key \(key.debugDescription) appears twice"
    }
  }
}

extension DecodingError {
  /// The place in the document and what is wrong there, without the decoder's dump.
  fileprivate var explanation: String {
    switch self {
    case .keyNotFound(let key, let context):
      "\(Self.place(context.codingPath + [key])) is missing"
    case .valueNotFound(_, let context): "\(Self.place(context.codingPath)) is null"
    case .typeMismatch(_, let context):
      "\(Self.place(context.codingPath)) has the wrong type"
    case .dataCorrupted(let context):
      "\(Self.place(context.codingPath)) is not valid"
    @unknown default: "not decodable"
    }
  }

  private static func place(_ path: [any CodingKey]) -> String {
    if path.isEmpty { return "the document" }
    let steps = path.map { key in key.intValue.map { "[\($0)]" } ?? "." + key.stringValue }
    return steps.joined().debugDescription
  }
}
