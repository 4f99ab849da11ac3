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
    var found: [Field] = []
    guard Self.read(bytes, { found.append(Field(key: $0, value: $1)) }) else { return nil }
    fields = found
  }

  public init?(parsing text: String) { self.init(parsing: Array(text.utf8)) }

  /// Tells the fields of a record's text in order, for who makes something else of them.
  ///
  /// False when a line has no space, or the text lacks its last newline; those before are told.
  public static func read(_ bytes: [UInt8], _ field: (_ key: String, _ value: String) -> Void)
    -> Bool
  {
    // Not `firstIndex(of:)` of a slice, which takes three times as long.
    func find(_ byte: UInt8, from start: Int, to end: Int) -> Int? {
      var at = start
      while at < end, bytes[at] != byte { at += 1 }
      return at < end ? at : nil
    }
    var start = 0
    while start < bytes.count {
      guard let end = find(0x0A, from: start, to: bytes.count),
        let space = find(0x20, from: start, to: end), space > start
      else { return false }
      let value = bytes[(space + 1)..<end]
      let isPlain = find(0x5C, from: space + 1, to: end) == nil
      field(
        String(decoding: bytes[start..<space], as: UTF8.self),
        isPlain ? String(decoding: value, as: UTF8.self) : unescaped(value))
      start = end + 1
    }
    return true
  }

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
