/// An object that works out what a template asks for: of a row's many fields a table shows a few.
public protocol TemplateRecord: AnyObject, Sendable {
  /// Of all members, the fields in the order in which the whole record is shown.
  var names: [String] { get }

  /// Nil for a name that is not among `names`.
  func member(_ name: String) -> TemplateObject.Member?
}
