extension TemplateValue {
  /// Fields in their order, map keys sorted, `<>&` as they are; `pretty` indents by four spaces.
  ///
  /// Values deeper than 200 levels become null: nothing Martlet shows nests so.
  public func json(pretty: Bool = false) -> String {
    var writer = JSONText(pretty: pretty)
    writer.write(self, depth: 0)
    return writer.text
  }
}

private struct JSONText {
  let pretty: Bool
  var text = ""

  init(pretty: Bool) { self.pretty = pretty }

  mutating func write(_ value: TemplateValue, depth: Int) {
    guard depth < TemplateLimit.depth else { return text += "null" }
    switch value {
    case .null, .missing: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .int(let value): text += String(value)
    case .double(let value): text += GoNumber.json(value)
    case .string(let value): writeString(value)
    case .list(let items):
      sequence("[", "]", items, depth) { $0.write($1, depth: depth + 1) }
    case .map(let pairs):
      members(TemplateValue.sortedPairs(pairs), depth)
    case .object(let object):
      members(object.fields, depth)
    }
  }

  private mutating func members(_ pairs: [(String, TemplateValue)], _ depth: Int) {
    sequence("{", "}", pairs, depth) { writer, pair in
      writer.writeString(pair.0)
      writer.text += writer.pretty ? ": " : ":"
      writer.write(pair.1, depth: depth + 1)
    }
  }

  private mutating func sequence<Item>(
    _ open: String, _ close: String, _ items: [Item], _ depth: Int,
    _ each: (inout JSONText, Item) -> Void
  ) {
    text += open
    for (index, item) in items.enumerated() {
      if index > 0 { text += "," }
      newline(depth + 1)
      each(&self, item)
    }
    if !items.isEmpty { newline(depth) }
    text += close
  }

  private mutating func newline(_ depth: Int) {
    guard pretty else { return }
    text += "\n" + String(repeating: "    ", count: depth)
  }

  private mutating func writeString(_ string: String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{8}": text += "\\b"
      case "\u{c}": text += "\\f"
      case "\u{0}"..."\u{1f}", "\u{2028}", "\u{2029}":
        let hex = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
