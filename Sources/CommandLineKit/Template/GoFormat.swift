/// How Go prints values: `map[k:v]`, `[a b]`, `{x y}`.
enum GoFormat {
  /// As `%v`, or `{{.}}`; only the outermost missing value is `<no value>`.
  static func text(_ value: TemplateValue) -> String {
    if case .missing = value { return "<no value>" }
    return nested(value, depth: 0)
  }

  /// As `%v`, or with `names` as `%+v`.
  static func nested(_ value: TemplateValue, names: Bool = false, depth: Int) -> String {
    guard depth < TemplateLimit.depth else { return "..." }
    func inner(_ value: TemplateValue) -> String { nested(value, names: names, depth: depth + 1) }
    switch value {
    case .null, .missing: return "<nil>"
    case .bool(let value): return value ? "true" : "false"
    case .int(let value): return String(value)
    case .double(let value): return GoNumber.general(value)
    case .string(let value): return value
    case .list(let items): return "[" + items.map(inner).joined(separator: " ") + "]"
    case .map(let pairs):
      let parts = TemplateValue.sortedPairs(pairs).map { $0.0 + ":" + inner($0.1) }
      return "map[" + parts.joined(separator: " ") + "]"
    case .object(let object):
      let parts = object.fields.map { (names ? $0.0 + ":" : "") + inner($0.1) }
      return "{" + parts.joined(separator: " ") + "}"
    }
  }

  /// A space only between two operands neither of which is a string.
  static func print(_ values: [TemplateValue]) -> String {
    var result = ""
    for (index, value) in values.enumerated() {
      if index > 0, !isString(value), !isString(values[index - 1]) { result += " " }
      result += text(value)
    }
    return result
  }

  /// For error texts.
  static func short(_ value: TemplateValue) -> String {
    let text = text(value)
    return terminalSafe(text.count > 40 ? text.prefix(40) + "..." : text)
  }

  /// As `%q`.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{7}": result += "\\a"
      case "\u{8}": result += "\\b"
      case "\u{b}": result += "\\v"
      case "\u{c}": result += "\\f"
      case "\0"..."\u{1f}", "\u{7f}":
        result += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
      case "\u{80}"..."\u{a0}", "\u{ad}", "\u{2028}", "\u{2029}", "\u{feff}",
        "\u{200b}"..."\u{200f}", "\u{202a}"..."\u{202e}":
        let hex = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  private static func isString(_ value: TemplateValue) -> Bool {
    if case .string = value { true } else { false }
  }
}
