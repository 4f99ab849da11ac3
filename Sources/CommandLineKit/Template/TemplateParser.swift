struct TemplateParser {
  private var tokens: ArraySlice<TemplateToken>
  private var depth = 0
  private var loops = 0
  private var variables = ["$"]
  var definitions: [String: [TemplateNode]] = [:]

  init(_ tokens: [TemplateToken]) { self.tokens = tokens[...] }

  private enum Ending { case end, otherwise, endOfTemplate }

  mutating func parse() throws(UsageError) -> [TemplateNode] {
    let (nodes, ending) = try block()
    switch ending {
    case .endOfTemplate: return nodes
    case .end: throw failure("unexpected {{end}}")
    case .otherwise: throw failure("unexpected {{else}}")
    }
  }

  private mutating func block() throws(UsageError) -> ([TemplateNode], Ending) {
    depth += 1
    defer { depth -= 1 }
    if depth > TemplateLimit.depth { throw failure("nested too deeply") }
    var nodes: [TemplateNode] = []
    while let token = tokens.popFirst() {
      if case .text(let text) = token.kind {
        nodes.append(.text(text))
        continue
      }
      guard case .identifier(let word)? = tokens.first?.kind else {
        nodes.append(.action(try actionPipeline()))
        continue
      }
      if word == "end" || word == "else" {
        tokens.removeFirst()
        if word == "end" { try expect(.close, "end") }
        return (nodes, word == "end" ? .end : .otherwise)
      }
      if let node = try statement(word) { nodes.append(node) }
    }
    return (nodes, .endOfTemplate)
  }

  private mutating func statement(_ word: String) throws(UsageError) -> TemplateNode? {
    switch word {
    case "if", "with", "range", "define", "template", "block", "break", "continue":
      tokens.removeFirst()
    default:
      return .action(try actionPipeline())
    }
    switch word {
    case "if", "with": return try branch(rebindsDot: word == "with")
    case "range": return try range()
    case "define":
      try define()
      return nil
    case "template": return try call()
    case "block": return try namedBlock()
    default:
      try expect(.close, word)
      if loops == 0 { throw failure("{{\(word)}} outside {{range}}") }
      return word == "break" ? .leave : .advance
    }
  }

  private mutating func actionPipeline() throws(UsageError) -> TemplatePipeline {
    let pipeline = try pipeline(assigns: true)
    try expect(.close, "command")
    return pipeline
  }

  private mutating func branch(rebindsDot: Bool) throws(UsageError) -> TemplateNode {
    let scope = variables.count
    defer { variables.removeSubrange(scope...) }
    let condition = try pipeline(assigns: true)
    try expect(.close, rebindsDot ? "with" : "if")
    let inner = variables.count
    let (body, ending) = try block()
    variables.removeSubrange(inner...)
    let otherwise = try alternative(after: ending, allowsChain: true)
    return .branch(
      condition: condition, rebindsDot: rebindsDot, body: body, otherwise: otherwise)
  }

  private mutating func range() throws(UsageError) -> TemplateNode {
    let scope = variables.count
    defer { variables.removeSubrange(scope...) }
    let pipeline = try pipeline(assigns: true, range: true)
    try expect(.close, "range")
    let inner = variables.count
    loops += 1
    let (body, ending) = try block()
    loops -= 1
    variables.removeSubrange(inner...)
    return .range(
      pipeline, body: body, otherwise: try alternative(after: ending, allowsChain: false))
  }

  /// After a body: nothing at `{{end}}`, else the `{{else}}` part with its end.
  private mutating func alternative(
    after ending: Ending, allowsChain: Bool
  ) throws(UsageError) -> [TemplateNode] {
    switch ending {
    case .end: return []
    case .endOfTemplate: throw failure("unexpected end of template, {{end}} is missing")
    case .otherwise: break
    }
    if allowsChain, case .identifier(let word)? = tokens.first?.kind, word == "if" || word == "with"
    {
      tokens.removeFirst()
      depth += 1
      defer { depth -= 1 }
      if depth > TemplateLimit.depth { throw failure("nested too deeply") }
      return [try branch(rebindsDot: word == "with")]
    }
    try expect(.close, "else")
    let scope = variables.count
    defer { variables.removeSubrange(scope...) }
    let (nodes, last) = try block()
    guard last == .end else { throw failure("unexpected end of {{else}}, {{end}} is missing") }
    return nodes
  }

  private mutating func body(of what: String) throws(UsageError) -> [TemplateNode] {
    let saved = (variables, loops)
    variables = ["$"]
    loops = 0
    defer { (variables, loops) = saved }
    let (nodes, ending) = try block()
    guard ending == .end else { throw failure("{{end}} of {{\(what)}} is missing") }
    return nodes
  }

  private mutating func define() throws(UsageError) {
    let name = try templateName("define")
    try expect(.close, "define")
    definitions[name] = try body(of: "define")
  }

  private mutating func call() throws(UsageError) -> TemplateNode {
    let name = try templateName("template")
    if tokens.first?.kind == .close {
      tokens.removeFirst()
      return .call(name: name, nil)
    }
    return .call(name: name, try actionPipeline())
  }

  private mutating func namedBlock() throws(UsageError) -> TemplateNode {
    let name = try templateName("block")
    let argument = try actionPipeline()
    definitions[name] = try body(of: "block")
    return .call(name: name, argument)
  }

  private mutating func templateName(_ what: String) throws(UsageError) -> String {
    guard case .string(let name)? = tokens.popFirst()?.kind else {
      throw failure("{{\(what)}} needs a quoted name")
    }
    return name
  }

  // MARK: pipelines

  private mutating func pipeline(
    assigns: Bool = false, range: Bool = false
  ) throws(UsageError) -> TemplatePipeline {
    depth += 1
    defer { depth -= 1 }
    if depth > TemplateLimit.depth { throw failure("nested too deeply") }
    var pipeline = TemplatePipeline()
    if assigns { try targets(of: &pipeline, allowsTwo: range) }
    repeat {
      pipeline.commands.append(try command())
    } while takes(.pipe)
    // Visible only after the value: `{{$x := $x}}` reads an outer $x.
    if pipeline.declares { variables += pipeline.variables }
    return pipeline
  }

  private mutating func targets(
    of pipeline: inout TemplatePipeline, allowsTwo: Bool
  ) throws(UsageError) {
    guard case .variable(let first)? = tokens.first?.kind else { return }
    var names = [first]
    var rest = tokens.dropFirst()
    if rest.first?.kind == .comma, case .variable(let second)? = rest.dropFirst().first?.kind {
      names.append(second)
      rest = rest.dropFirst(2)
    }
    guard let operation = rest.first?.kind, operation == .declare || operation == .assign else {
      return
    }
    if names.count == 2, !allowsTwo { throw failure("too many declarations in command") }
    pipeline.declares = operation == .declare
    if !pipeline.declares { for name in names { try require(variable: name) } }
    pipeline.variables = names
    tokens = rest.dropFirst()
  }

  private mutating func command() throws(UsageError) -> [TemplateOperand] {
    var operands: [TemplateOperand] = []
    while let token = tokens.first {
      switch token.kind {
      case .pipe, .close, .rightParenthesis:
        if operands.isEmpty { throw failure("missing value for command") }
        return operands
      default:
        if !operands.isEmpty, !token.spaced { throw failure("operands need a space between them") }
        operands.append(try operand())
      }
    }
    throw failure("unclosed action")
  }

  private mutating func operand() throws(UsageError) -> TemplateOperand {
    guard let token = tokens.popFirst() else { throw failure("unclosed action") }
    let base: TemplateOperand
    var names: [String] = []
    switch token.kind {
    case .dot: base = .dot
    case .field(let name):
      base = .dot
      names = [name]
    case .variable(let name):
      try require(variable: name)
      base = .variable(name)
    case .string(let value): base = .literal(.string(value))
    case .int(let value): base = .literal(.int(value))
    case .double(let value): base = .literal(.double(value))
    case .identifier("true"): base = .literal(.bool(true))
    case .identifier("false"): base = .literal(.bool(false))
    case .identifier("nil"): base = .literal(.null)
    case .identifier(let name):
      guard TemplateFunctions.isKnown(name) else {
        throw failure("function \"\(name)\" not defined")
      }
      base = .function(name)
    case .leftParenthesis:
      base = .pipeline(try pipeline())
      guard takes(.rightParenthesis) else { throw failure("unclosed left parenthesis") }
    default:
      throw failure("unexpected token in action", at: token)
    }
    while let next = tokens.first, !next.spaced, case .field(let name) = next.kind {
      tokens.removeFirst()
      names.append(name)
    }
    return names.isEmpty ? base : .chain(base, names)
  }

  private func require(variable name: String) throws(UsageError) {
    if !variables.contains(name) { throw failure("undefined variable \"\(name)\"") }
  }

  private mutating func takes(_ kind: TemplateToken.Kind) -> Bool {
    guard tokens.first?.kind == kind else { return false }
    tokens.removeFirst()
    return true
  }

  private mutating func expect(_ kind: TemplateToken.Kind, _ after: String) throws(UsageError) {
    if !takes(kind) { throw failure("unexpected token after \(after)") }
  }

  private func failure(_ what: String, at token: TemplateToken? = nil) -> UsageError {
    guard let token = token ?? tokens.first else { return UsageError("template: \(what)") }
    return UsageError("template: \(what) at character \(token.offset + 1)")
  }
}
