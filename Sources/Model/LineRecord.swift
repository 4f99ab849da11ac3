/// A small record as text: one `key value` line per field, keys may repeat, order is kept.
///
/// The format of everything that is read often or written by programs without JSON (live states,
/// exit records, monitor orders, container summaries): reading one costs microseconds. In a value
/// backslash, newline, carriage return and NUL are written `\\`, `\n`, `\r`, `\0`.
public struct LineRecord: Equatable, Sendable {
  public struct Field: Equatable, Sendable {
    public var key: String
    public var value: String
  }

  public private(set) var fields: [Field] = []

  public init() {}

  /// Nil when a line has no space, or the text lacks its last newline (a torn write).
  public init?(parsing bytes: [UInt8]) {
    var start = 0
    while start < bytes.count {
      guard let end = bytes[start...].firstIndex(of: 0x0A),
        let space = bytes[start..<end].firstIndex(of: 0x20), space > start
      else { return nil }
      fields.append(
        Field(
          key: String(decoding: bytes[start..<space], as: UTF8.self),
          value: Self.unescaped(bytes[(space + 1)..<end])))
      start = end + 1
    }
  }

  public init?(parsing text: String) { self.init(parsing: Array(text.utf8)) }

  /// The first value of `key`; setting replaces all of them, nil removes them.
  public subscript(key: String) -> String? {
    get { fields.first { $0.key == key }?.value }
    set {
      fields.removeAll { $0.key == key }
      if let newValue { append(key, newValue) }
    }
  }

  public func integer(_ key: String) -> Int64? { self[key].flatMap { Int64($0) } }

  public func flag(_ key: String) -> Bool { self[key] == "true" }

  /// Every value of `key`, in order.
  public func all(_ key: String) -> [String] {
    fields.filter { $0.key == key }.map(\.value)
  }

  /// Every `NAME=value` among the values of `key`.
  public func pairs(_ key: String) -> [String: String] {
    var pairs: [String: String] = [:]
    for text in all(key) {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      pairs[String(parts[0])] = parts.count == 2 ? String(parts[1]) : ""
    }
    return pairs
  }

  /// Adds one field `NAME=value` for each pair, sorted by name.
  public mutating func append(_ key: String, pairs: [String: String]) {
    for (name, value) in pairs.sorted(by: { $0.key < $1.key }) { append(key, "\(name)=\(value)") }
  }

  /// Adds a field; a key must have no space or newline.
  public mutating func append(_ key: String, _ value: String) {
    fields.append(Field(key: key, value: value))
  }

  public var text: String {
    var text = ""
    for field in fields {
      text += field.key
      text += " "
      text += Self.escaped(field.value)
      text += "\n"
    }
    return text
  }

  private static func escaped(_ value: String) -> String {
    guard value.utf8.contains(where: { $0 == 0x5C || $0 == 0x0A || $0 == 0x0D || $0 == 0 }) else {
      return value
    }
    var bytes: [UInt8] = []
    for byte in value.utf8 {
      switch byte {
      case 0x5C: bytes += [0x5C, 0x5C]
      case 0x0A: bytes += [0x5C, 0x6E]
      case 0x0D: bytes += [0x5C, 0x72]
      case 0: bytes += [0x5C, 0x30]
      default: bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func unescaped(_ value: ArraySlice<UInt8>) -> String {
    guard value.contains(0x5C) else { return String(decoding: value, as: UTF8.self) }
    var bytes: [UInt8] = []
    var escaping = false
    for byte in value {
      if escaping {
        switch byte {
        case 0x6E: bytes.append(0x0A)
        case 0x72: bytes.append(0x0D)
        case 0x30: bytes.append(0)
        default: bytes.append(byte)
        }
        escaping = false
      } else if byte == 0x5C {
        escaping = true
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
