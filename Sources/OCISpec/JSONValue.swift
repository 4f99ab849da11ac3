/// A JSON document as a tree (RFC 8259).
///
/// Objects keep their order; a repeated key is an error.
public enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  /// An integer above Int64.max.
  case unsigned(UInt64)
  /// A number with a fraction or an exponent, or out of the range of integers.
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// What the value is, for messages: "a string", "an object".
  public var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .integer, .unsigned, .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

/// The members of a JSON object, in order.
public struct JSONObject: Equatable, Sendable {
  public struct Member: Equatable, Sendable {
    public var key: String
    public var value: JSONValue
    public init(_ key: String, _ value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  public var members: [Member]

  public init(_ members: [Member] = []) { self.members = members }

  public func find(_ key: String) -> JSONValue? {
    for member in members where member.key == key { return member.value }
    return nil
  }
}

/// A document that is not JSON, or JSON that is not what its format says.
public struct SpecError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The field, such as `linux.resources.memory.limit` or `mounts[3].destination`; empty at the
  /// top.
  public var path: String
  /// What is wrong with it, such as `expected a number, found a string`.
  public var problem: String

  public init(_ problem: String, path: String = "") {
    self.path = path
    self.problem = problem
  }

  public var description: String { path.isEmpty ? problem : "\(path): \(problem)" }

  func inside(_ key: String) -> SpecError {
    if path.isEmpty { return SpecError(problem, path: key) }
    return SpecError(problem, path: path.hasPrefix("[") ? key + path : "\(key).\(path)")
  }

  func inside(index: Int) -> SpecError { inside("[\(index)]") }
}
