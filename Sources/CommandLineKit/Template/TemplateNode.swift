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
