/// A value with one JSON form.
public protocol JSONField: Sendable {
  static func decode(_ value: JSONValue) throws(SpecError) -> Self
  var json: JSONValue { get }
}

/// A struct that is a JSON object: one table of fields serves reading and writing.
///
/// Members that the table does not name are ignored, as the OCI specifications ask.
public protocol JSONRecord: JSONField {
  init()
  mutating func visit(_ fields: inout RecordFields) throws(SpecError)
}

/// The pass over a record's fields, in one of two directions.
public struct RecordFields {
  private var object: JSONObject
  private let reading: Bool

  init(reading object: JSONObject) {
    self.object = object
    reading = true
  }

  init() {
    object = JSONObject()
    reading = false
  }

  var written: JSONObject { object }

  /// The member, unless it is missing or null.
  private func present(_ key: String) -> JSONValue? {
    guard let value = object.find(key), value != .null else { return nil }
    return value
  }

  private mutating func put(_ key: String, _ value: JSONValue) {
    object.members.append(JSONObject.Member(key, value))
  }

  private func decode<Field: JSONField>(_ key: String, _ value: JSONValue) throws(SpecError)
    -> Field
  {
    do { return try Field.decode(value) } catch { throw error.inside(key) }
  }

  public mutating func optional<Field: JSONField>(_ key: String, _ field: inout Field?)
    throws(SpecError)
  {
    guard reading else {
      if let field { put(key, field.json) }
      return
    }
    if let value = present(key) { field = try decode(key, value) }
  }

  public mutating func required<Field: JSONField>(_ key: String, _ field: inout Field)
    throws(SpecError)
  {
    guard reading else { return put(key, field.json) }
    guard let value = present(key) else { throw SpecError("is missing", path: key) }
    field = try decode(key, value)
  }

  /// A list that is left out when empty.
  public mutating func list<Element: JSONField>(_ key: String, _ field: inout [Element])
    throws(SpecError)
  {
    guard reading else {
      if !field.isEmpty { put(key, field.json) }
      return
    }
    if let value = present(key) { field = try decode(key, value) }
  }

  /// A map that is left out when empty.
  public mutating func map<Element: JSONField>(_ key: String, _ field: inout [String: Element])
    throws(SpecError)
  {
    guard reading else {
      if !field.isEmpty { put(key, field.json) }
      return
    }
    if let value = present(key) { field = try decode(key, value) }
  }

  /// A part that keeps its defaults when the document does not have it.
  public mutating func defaulted<Field: JSONField & Equatable>(
    _ key: String, _ field: inout Field
  ) throws(SpecError) {
    var found: Field? = field
    try optional(key, &found)
    if let found { field = found }
  }

  /// A boolean that is left out when false.
  public mutating func flag(_ key: String, _ field: inout Bool) throws(SpecError) {
    guard reading else {
      if field { put(key, .bool(true)) }
      return
    }
    if let value = present(key) { field = try decode(key, value) }
  }
}

extension JSONRecord {
  public static func decode(_ value: JSONValue) throws(SpecError) -> Self {
    guard case .object(let object) = value else {
      throw SpecError("expected an object, found \(value.kind)")
    }
    var fields = RecordFields(reading: object)
    var record = Self()
    try record.visit(&fields)
    return record
  }

  public var json: JSONValue {
    var fields = RecordFields()
    var copy = self
    // Writing only collects members; no table throws on the way out.
    do { try copy.visit(&fields) } catch { preconditionFailure("writing threw: \(error)") }
    return .object(fields.written)
  }

  /// Reads the record from a JSON document.
  public init(parsing bytes: [UInt8]) throws(SpecError) {
    self = try Self.decode(JSONValue(parsing: bytes))
  }

  /// The record as a JSON document.
  public func encoded(pretty: Bool = false) -> [UInt8] { json.encoded(pretty: pretty) }
}
