/// What `--format` says: `json`, a template for each row, or `table TEMPLATE` with a heading.
public struct OutputFormat: Sendable {
  private enum Kind: Sendable {
    case json
    case rows(GoTemplate)
    /// `{{range .}}…`: the template walks the list itself.
    case whole(GoTemplate)
    case table(GoTemplate, heading: String)
  }

  private let kind: Kind

  /// `headings` overrides the heading made from a field's name; `defaultTable` is what `table` alone
  /// means.
  public init(
    _ text: String, headings: [String: String] = [:], defaultTable: String? = nil
  ) throws(UsageError) {
    if text == "json" {
      kind = .json
      return
    }
    let isTable = text == "table" || text.hasPrefix("table ") || text.hasPrefix("table\\t")
    guard isTable else {
      let template = try GoTemplate(Self.unescaped(text))
      kind = Self.startsWithRange(text) ? .whole(template) : .rows(template)
      return
    }
    var body = text.dropFirst("table".count)
    while body.first == " " { body.removeFirst() }
    if body.isEmpty, let defaultTable { body = defaultTable[...] }
    if body.isEmpty { throw UsageError("table format needs a template", hint: "table {{.ID}}") }
    let template = try GoTemplate(Self.unescaped(String(body), spaces: "\t"))
    kind = .table(template, heading: Self.heading(template.nodes, headings))
  }

  public var isTable: Bool { if case .table = kind { true } else { false } }
  public var isJSON: Bool { if case .json = kind { true } else { false } }

  /// All of the output, each row with its newline.
  ///
  /// `showsHeading: false` is `--noheading`.
  public func render(
    _ rows: [TemplateValue], showsHeading: Bool = true
  ) throws(UsageError) -> String {
    switch kind {
    case .json: return TemplateValue.list(rows).json(pretty: true) + "\n"
    case .whole(let template): return Self.line(try template.render(.list(rows)))
    case .rows(let template):
      var output = ""
      for row in rows { output += Self.line(try template.render(row)) }
      return output
    case .table(let template, let heading):
      var table = TextTable()
      if showsHeading { table.append(lines: heading) }
      var lines = ""
      for row in rows {
        lines.removeAll(keepingCapacity: true)
        try template.render(row, into: &lines)
        table.append(lines: lines)
      }
      return table.render()
    }
  }

  private static func line(_ text: String) -> String { text.last == "\n" ? text : text + "\n" }

  private static func startsWithRange(_ text: String) -> Bool {
    var rest = text[...]
    guard rest.hasPrefix("{{") else { return false }
    rest = rest.dropFirst(2)
    if rest.first == "-" { rest = rest.dropFirst() }
    rest = rest.drop { $0 == " " }
    guard rest.hasPrefix("range") else { return false }
    // Only `{{range .}}` goes through the rows; any other goes through something of each row.
    rest = rest.dropFirst(5).drop { $0 == " " }
    guard rest.first == "." else { return false }
    rest = rest.dropFirst().drop { $0 == " " }
    return rest.hasPrefix("}}") || rest.hasPrefix("-}}")
  }

  /// `\t` and `\n` typed in a shell's quotes, outside of actions; inside, Go's literals have their own.
  ///
  /// `spaces`: what a space outside of actions becomes; in a table each one ends a column.
  private static func unescaped(_ text: String, spaces: Character = " ") -> String {
    var result = ""
    var rest = text[...]
    var inAction = false
    while let character = rest.popFirst() {
      if character == "{", rest.first == "{" { inAction = true }
      if character == "}", rest.first == "}" { inAction = false }
      if character == "\\", !inAction, let next = rest.first, next == "t" || next == "n" {
        rest.removeFirst()
        result += next == "t" ? "\t" : "\n"
      } else {
        result.append(character == " " && !inAction ? spaces : character)
      }
    }
    return result
  }

  // MARK: heading

  private static func heading(_ nodes: [TemplateNode], _ names: [String: String]) -> String {
    nodes.map { node in
      switch node {
      case .text(let text): text
      case .action(let pipeline):
        pipeline.variables.isEmpty ? title(field(in: pipeline), names) : ""
      case .branch(_, _, let body, _), .range(_, let body, _): heading(body, names)
      case .call, .leave, .advance: ""
      }
    }.joined()
  }

  private static func title(_ field: String?, _ names: [String: String]) -> String {
    guard let field else { return "" }
    return names[field] ?? spaced(field).uppercased()
  }

  /// `.Label "k"` is headed by its key, as docker does.
  private static func field(in pipeline: TemplatePipeline) -> String? {
    for command in pipeline.commands {
      if case .chain(_, let names)? = command.first, names.last == "Label", command.count > 1,
        case .literal(.string(let key)) = command[1]
      {
        return key
      }
      for operand in command {
        switch operand {
        case .chain(_, let names): return names.last
        case .pipeline(let inner): if let found = field(in: inner) { return found }
        default: break
        }
      }
    }
    return nil
  }

  /// "CreatedAt" is "Created At", "IPAddress" is "IP Address".
  private static func spaced(_ name: String) -> String {
    var result = ""
    let letters = Array(name)
    for (index, letter) in letters.enumerated() {
      if index > 0, letter.isUppercase {
        let afterLower = !letters[index - 1].isUppercase
        let beforeLower = index + 1 < letters.count && letters[index + 1].isLowercase
        if afterLower || beforeLower { result += " " }
      }
      result.append(letter)
    }
    return result
  }
}
