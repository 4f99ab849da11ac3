import CommandLineKit

/// A tree whose fields have two names: one in templates, one in JSON.
indirect enum NamedTree: Sendable {
  case leaf(TemplateValue)
  case list([NamedTree])
  case group([(template: String, json: String, value: NamedTree)])

  static func text(_ text: String) -> NamedTree { .leaf(.string(text)) }
  static func number(_ number: some BinaryInteger) -> NamedTree { .leaf(.int(Int64(number))) }
  static func flag(_ flag: Bool) -> NamedTree { .leaf(.bool(flag)) }

  var template: TemplateValue {
    switch self {
    case .leaf(let value): value
    case .list(let items): .list(items.map(\.template))
    case .group(let fields): .object(fields.map { ($0.template, $0.value.template) })
    }
  }

  var json: TemplateValue {
    switch self {
    case .leaf(let value): value
    case .list(let items): .list(items.map(\.json))
    case .group(let fields): .object(fields.map { ($0.json, $0.value.json) })
    }
  }

  /// Indented lines as YAML has them.
  func yaml(depth: Int = 0) -> String {
    let indent = String(repeating: "  ", count: depth)
    switch self {
    case .leaf(let value): return "\(indent)\(Self.scalar(value))\n"
    case .list(let items):
      return items.map { item in
        let lines = item.yaml(depth: depth + 1)
        return "\(indent)- \(lines.dropFirst(indent.utf8.count + 2))"
      }.joined()
    case .group(let fields):
      return fields.map { field in
        switch field.value {
        case .leaf(let value): return "\(indent)\(field.json): \(Self.scalar(value))\n"
        case .list(let items) where items.isEmpty: return "\(indent)\(field.json): []\n"
        case .group(let inner) where inner.isEmpty: return "\(indent)\(field.json): {}\n"
        case .list, .group: return "\(indent)\(field.json):\n\(field.value.yaml(depth: depth + 1))"
        }
      }.joined()
    }
  }

  private static func scalar(_ value: TemplateValue) -> String {
    guard case .string(let text) = value else { return value.json() }
    // What YAML would read as something else goes into quotes, which JSON's are too.
    let plain = text.utf8.allSatisfy { (0x21...0x7e).contains($0) || $0 == 0x20 }
    let special = text.isEmpty || text.contains(": ") || text.hasSuffix(":") || text.contains(" #")
    let starts = text.first.map { "-?:,[]{}#&*!|>'\"%@` ".contains($0) } ?? true
    let looksTyped =
      Double(text) != nil || ["true", "false", "null", "yes", "no", "~"].contains(text)
    return !plain || special || starts || looksTyped || text.hasSuffix(" ") ? value.json() : text
  }
}
