extension String: JSONField {
  public static func decode(_ value: JSONValue) throws(SpecError) -> String {
    guard case .string(let text) = value else {
      throw SpecError("expected a string, found \(value.kind)")
    }
    // Every string of these formats ends up in a C string: a NUL would silently cut it.
    guard !text.utf8.contains(0) else { throw SpecError("contains a NUL character") }
    return text
  }

  public var json: JSONValue { .string(self) }
}

extension Bool: JSONField {
  public static func decode(_ value: JSONValue) throws(SpecError) -> Bool {
    guard case .bool(let flag) = value else {
      throw SpecError("expected true or false, found \(value.kind)")
    }
    return flag
  }

  public var json: JSONValue { .bool(self) }
}

extension FixedWidthInteger where Self: Sendable {
  public static func decode(_ value: JSONValue) throws(SpecError) -> Self {
    let exact: Self?
    switch value {
    case .integer(let number): exact = Self(exactly: number)
    case .unsigned(let number): exact = Self(exactly: number)
    case .number(let number): throw SpecError("expected an integer, found \(number)")
    default: throw SpecError("expected a number, found \(value.kind)")
    }
    guard let exact else {
      throw SpecError("number out of range (\(Self.min) to \(Self.max))")
    }
    return exact
  }

  public var json: JSONValue {
    if let small = Int64(exactly: self) { return .integer(small) }
    return .unsigned(UInt64(truncatingIfNeeded: self))
  }
}

extension Int: JSONField {}
extension Int32: JSONField {}
extension Int64: JSONField {}
extension UInt16: JSONField {}
extension UInt32: JSONField {}
extension UInt64: JSONField {}

extension Array: JSONField where Element: JSONField {
  public static func decode(_ value: JSONValue) throws(SpecError) -> [Element] {
    guard case .array(let values) = value else {
      throw SpecError("expected an array, found \(value.kind)")
    }
    var result: [Element] = []
    result.reserveCapacity(values.count)
    for (index, value) in values.enumerated() {
      do { result.append(try Element.decode(value)) } catch { throw error.inside(index: index) }
    }
    return result
  }

  public var json: JSONValue { .array(map(\.json)) }
}

extension Dictionary: JSONField where Key == String, Value: JSONField {
  public static func decode(_ value: JSONValue) throws(SpecError) -> [String: Value] {
    guard case .object(let object) = value else {
      throw SpecError("expected an object, found \(value.kind)")
    }
    var result: [String: Value] = [:]
    for member in object.members {
      do { result[member.key] = try Value.decode(member.value) } catch {
        throw error.inside(member.key)
      }
    }
    return result
  }

  /// Sorted, so that the same record is always the same text.
  public var json: JSONValue {
    .object(
      JSONObject(sorted { $0.key < $1.key }.map { JSONObject.Member($0.key, $0.value.json) }))
  }
}

extension JSONValue: JSONField {
  public static func decode(_ value: JSONValue) throws(SpecError) -> JSONValue { value }
  public var json: JSONValue { self }
}

/// Enumerations are their raw strings.
extension JSONField where Self: RawRepresentable, RawValue == String {
  public static func decode(_ value: JSONValue) throws(SpecError) -> Self {
    let text = try String.decode(value)
    guard let known = Self(rawValue: text) else { throw SpecError("unknown value `\(text)`") }
    return known
  }

  public var json: JSONValue { .string(rawValue) }
}
