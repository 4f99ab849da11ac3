/// A template in the language of Go's text/template, with podman's and docker's functions.
public struct GoTemplate: Sendable {
  let nodes: [TemplateNode]
  private let definitions: [String: [TemplateNode]]

  public init(_ text: String) throws(UsageError) {
    var parser = TemplateParser(try TemplateLexer.tokens(text))
    nodes = try parser.parse()
    definitions = parser.definitions
  }

  public func render(_ value: TemplateValue) throws(UsageError) -> String {
    var output = ""
    try render(value, into: &output)
    return output
  }

  /// Adds to `output`, whose room serves many values in a row; it is lost when this throws.
  func render(_ value: TemplateValue, into output: inout String) throws(UsageError) {
    var evaluator = TemplateEvaluator(definitions: definitions, root: value)
    swap(&evaluator.output, &output)
    try evaluator.run(nodes, dot: value)
    swap(&evaluator.output, &output)
  }
}
