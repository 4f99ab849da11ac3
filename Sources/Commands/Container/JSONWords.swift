import OCISpec

/// A JSON array of strings.
enum JSONWords {
  static func parse(_ text: String) -> [String]? {
    guard let value = try? JSONValue(parsing: Array(text.utf8)) else { return nil }
    return try? [String].decode(value)
  }
}
