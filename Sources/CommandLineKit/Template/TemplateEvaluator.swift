/// Walks a parsed template with one value as dot.
struct TemplateEvaluator {
  private enum Flow { case on, leave, advance }

  private let definitions: [String: [TemplateNode]]
  private var variables: [(name: String, value: TemplateValue)]
  private var depth = 0
  var output = ""

  init(definitions: [String: [TemplateNode]], root: TemplateValue) {
    self.definitions = definitions
    variables = [("$", root)]
  }

  mutating func run(_ nodes: [TemplateNode], dot: TemplateValue) throws(UsageError) {
    _ = try walk(nodes, dot)
  }

  private mutating func walk(
    _ nodes: [TemplateNode], _ dot: TemplateValue
  ) throws(UsageError) -> Flow {
    for node in nodes {
      let flow = try visit(node, dot)
      if flow != .on { return flow }
    }
    return .on
  }

  private mutating func visit(
    _ node: TemplateNode, _ dot: TemplateValue
  ) throws(UsageError) -> Flow {
    switch node {
    case .text(let text): output += text
    case .action(let pipeline):
      if let name = pipeline.fieldOfDot {
        output += GoFormat.text(try field(name, of: dot, []))
        return .on
      }
      let value = try evaluate(pipeline, dot)
      if pipeline.variables.isEmpty { output += GoFormat.text(value) }
    case .branch(let condition, let rebindsDot, let body, let otherwise):
      let scope = variables.count
      defer { variables.removeSubrange(scope...) }
      let value = try evaluate(condition, dot)
      return try walk(value.isTrue ? body : otherwise, value.isTrue && rebindsDot ? value : dot)
    case .range(let pipeline, let body, let otherwise):
      return try range(pipeline, body, otherwise, dot)
    case .call(let name, let argument): try call(name, argument, dot)
    case .leave: return .leave
    case .advance: return .advance
    }
    return .on
  }

  private mutating func range(
    _ pipeline: TemplatePipeline, _ body: [TemplateNode], _ otherwise: [TemplateNode],
    _ dot: TemplateValue
  ) throws(UsageError) -> Flow {
    let scope = variables.count
    defer { variables.removeSubrange(scope...) }
    let pairs: [(TemplateValue, TemplateValue)]
    switch try evaluate(commands: pipeline, dot) {
    case .list(let items): pairs = items.enumerated().map { (.int(Int64($0.offset)), $0.element) }
    case .map(let map): pairs = TemplateValue.sortedPairs(map).map { (.string($0.0), $0.1) }
    case .null, .missing: pairs = []
    case let other:
      throw UsageError("template: range can't iterate over \(other.kind) \(GoFormat.short(other))")
    }
    if pairs.isEmpty { return try walk(otherwise, dot) }
    for (key, value) in pairs {
      variables.removeSubrange(scope...)
      switch pipeline.variables.count {
      case 1: bind(pipeline, 0, value)
      case 2:
        bind(pipeline, 0, key)
        bind(pipeline, 1, value)
      default: break
      }
      if try walk(body, value) == .leave { break }
    }
    return .on
  }

  private mutating func call(
    _ name: String, _ argument: TemplatePipeline?, _ dot: TemplateValue
  ) throws(UsageError) {
    guard let body = definitions[name] else {
      throw UsageError("template: \"\(terminalSafe(name))\" not defined")
    }
    depth += 1
    defer { depth -= 1 }
    // A template that calls itself twice would else run for 2^200 steps before it fails.
    if depth > TemplateLimit.calls { throw UsageError("template: templates call too deeply") }
    let value = try argument.map { (pipeline) throws(UsageError) in try evaluate(pipeline, dot) }
    let saved = variables
    variables = [("$", value ?? .null)]
    defer { variables = saved }
    _ = try walk(body, value ?? .null)
  }

  // MARK: expressions

  private mutating func evaluate(
    _ pipeline: TemplatePipeline, _ dot: TemplateValue
  ) throws(UsageError) -> TemplateValue {
    let value = try evaluate(commands: pipeline, dot)
    if !pipeline.variables.isEmpty { bind(pipeline, 0, value) }
    return value
  }

  private mutating func bind(_ pipeline: TemplatePipeline, _ index: Int, _ value: TemplateValue) {
    let name = pipeline.variables[index]
    if !pipeline.declares, let found = variables.lastIndex(where: { $0.name == name }) {
      variables[found].value = value
    } else {
      variables.append((name, value))
    }
  }

  private mutating func evaluate(
    commands pipeline: TemplatePipeline, _ dot: TemplateValue
  ) throws(UsageError) -> TemplateValue {
    var piped: TemplateValue?
    for command in pipeline.commands { piped = try run(command, piped: piped, dot) }
    return piped ?? .null
  }

  private mutating func run(
    _ command: [TemplateOperand], piped: TemplateValue?, _ dot: TemplateValue
  ) throws(UsageError) -> TemplateValue {
    let arguments = command.dropFirst()
    switch command[0] {
    case .function("and"), .function("or"):
      return try shortCircuit(command, piped: piped, dot)
    case .function(let name):
      let values = try values(arguments, dot) + (piped.map { [$0] } ?? [])
      return try TemplateFunctions.call(name, values)
    case .chain(let base, let names):
      var value = try value(of: base, dot)
      for name in names.dropLast() { value = try field(name, of: value, []) }
      let values = try values(arguments, dot) + (piped.map { [$0] } ?? [])
      return try field(names[names.count - 1], of: value, values)
    default:
      if !arguments.isEmpty || piped != nil {
        throw UsageError("template: can't give argument to non-function")
      }
      if case .literal(.null) = command[0] { throw UsageError("template: nil is not a command") }
      return try value(of: command[0], dot)
    }
  }

  private mutating func values(
    _ operands: ArraySlice<TemplateOperand>, _ dot: TemplateValue
  ) throws(UsageError) -> [TemplateValue] {
    var values: [TemplateValue] = []
    for operand in operands { values.append(try value(of: operand, dot)) }
    return values
  }

  private mutating func shortCircuit(
    _ command: [TemplateOperand], piped: TemplateValue?, _ dot: TemplateValue
  ) throws(UsageError) -> TemplateValue {
    guard case .function(let name) = command[0] else { return .null }
    var last: TemplateValue?
    for operand in command.dropFirst() {
      let value = try value(of: operand, dot)
      if value.isTrue == (name == "or") { return value }
      last = value
    }
    guard let result = piped ?? last else {
      throw UsageError("template: wrong number of args for \(name): want at least 1 got 0")
    }
    return result
  }

  private mutating func value(
    of operand: TemplateOperand, _ dot: TemplateValue
  ) throws(UsageError) -> TemplateValue {
    switch operand {
    case .literal(let value): return value
    case .dot: return dot
    case .variable(let name): return variables.last { $0.name == name }?.value ?? .null
    case .function: return try run([operand], piped: nil, dot)
    case .pipeline(let pipeline): return try evaluate(commands: pipeline, dot)
    case .chain(let base, let names):
      var value = try value(of: base, dot)
      for name in names { value = try field(name, of: value, []) }
      return value
    }
  }

  private func field(
    _ name: String, of value: TemplateValue, _ arguments: [TemplateValue]
  ) throws(UsageError) -> TemplateValue {
    switch value {
    case .object(let object):
      switch object.member(name) {
      case .method(let method)?: return try method(arguments)
      case .field(let found)?:
        try requireNone(arguments, name)
        return found
      case nil: throw unknown(name, in: object)
      }
    case .map(let pairs):
      try requireNone(arguments, name)
      return pairs.last { $0.0 == name }?.1 ?? .missing
    case .missing, .null:
      throw UsageError("template: nil data; no entry for field \"\(name)\"")
    default:
      throw UsageError("template: can't evaluate field \(name) in type \(value.kind)")
    }
  }

  private func requireNone(_ arguments: [TemplateValue], _ name: String) throws(UsageError) {
    guard !arguments.isEmpty else { return }
    throw UsageError("template: \(name) has arguments but cannot be invoked as function")
  }

  private func unknown(_ name: String, in object: TemplateObject) -> UsageError {
    let guess = Suggestion.nearest(to: name, among: object.names)
    return UsageError(
      "template: can't evaluate field \(name)", hint: guess.map { "did you mean .\($0)?" })
  }
}
