struct TemplateToken: Equatable {
  enum Kind: Equatable {
    case text(String)
    case open
    case close
    case identifier(String)
    /// `.Name`
    case field(String)
    /// `$` or `$name`
    case variable(String)
    case string(String)
    case int(Int64)
    case double(Double)
    case dot
    case pipe
    case comma
    case declare
    case assign
    case leftParenthesis
    case rightParenthesis
  }

  var kind: Kind
  /// Whether white space stands before it: `.A.B` is one chain, `.A .B` are two operands.
  var spaced: Bool
  /// Bytes before it in the template, for error texts.
  var offset: Int
}
