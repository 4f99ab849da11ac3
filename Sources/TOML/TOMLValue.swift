/// A value of a TOML document (TOML v1.0.0).
public enum TOMLValue: Equatable, Sendable {
  case string(String)
  case integer(Int64)
  case float(Double)
  case boolean(Bool)
  /// A date, a time or both, as it is written.
  case date(String)
  case array([TOMLValue])
  case table([String: TOMLValue])

  /// A member of a table, nil in anything else.
  public subscript(key: String) -> TOMLValue? {
    if case .table(let members) = self { members[key] } else { nil }
  }

  public var text: String? { if case .string(let text) = self { text } else { nil } }
  public var flag: Bool? { if case .boolean(let flag) = self { flag } else { nil } }
  public var list: [TOMLValue]? { if case .array(let list) = self { list } else { nil } }
  public var members: [String: TOMLValue]? {
    if case .table(let members) = self { members } else { nil }
  }

  /// What kind of value it is, for messages.
  public var kind: String {
    switch self {
    case .string: "a string"
    case .integer: "an integer"
    case .float: "a number"
    case .boolean: "a boolean"
    case .date: "a date"
    case .array: "an array"
    case .table: "a table"
    }
  }

  /// Parses a document; its value is a table.
  ///
  /// The text is at most `sizeLimit` bytes, and values are nested at most `depthLimit` deep.
  public static func parse(_ bytes: [UInt8]) throws(TOMLError) -> TOMLValue {
    guard bytes.count <= sizeLimit else {
      throw TOMLError(line: 1, reason: "the file is larger than \(sizeLimit) bytes")
    }
    var parser = TOMLParser(bytes)
    return try parser.parse()
  }

  public static let sizeLimit = 1 << 20
  public static let depthLimit = 64
}

/// Why a text is not TOML.
public struct TOMLError: Error, Equatable {
  /// Counted from 1.
  public let line: Int
  public let reason: String

  public init(line: Int, reason: String) {
    self.line = line
    self.reason = reason
  }
}
