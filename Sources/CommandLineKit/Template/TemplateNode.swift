indirect enum TemplateNode: Sendable {
  case text(String)
  case action(TemplatePipeline)
  case branch(
    condition: TemplatePipeline, rebindsDot: Bool, body: [TemplateNode], otherwise: [TemplateNode])
  case range(TemplatePipeline, body: [TemplateNode], otherwise: [TemplateNode])
  case call(name: String, TemplatePipeline?)
  case leave
  case advance
}

struct TemplatePipeline: Sendable {
  /// `$i, $v :=` before the commands.
  var variables: [String] = []
  var declares = true
  /// Each the function or value and its arguments; the result goes to the next one's end.
  var commands: [[TemplateOperand]] = []

  /// The name where all of it is a field of dot, as nearly everywhere: `.Names`.
  var fieldOfDot: String? {
    guard variables.isEmpty, commands.count == 1, commands[0].count == 1,
      case .chain(.dot, let names) = commands[0][0], names.count == 1
    else { return nil }
    return names[0]
  }
}

indirect enum TemplateOperand: Sendable {
  case literal(TemplateValue)
  case dot
  case variable(String)
  case function(String)
  case pipeline(TemplatePipeline)
  /// `.A.B` is a chain on `dot`.
  case chain(TemplateOperand, [String])
}
