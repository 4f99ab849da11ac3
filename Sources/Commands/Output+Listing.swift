public import CommandLineKit

/// What every command that lists things prints: a table, ids only, JSON or a template.
public struct Listing: Sendable {
  /// `--format`; nil is the command's own table.
  public var format: String?
  /// `--quiet`: only this field of each row.
  public var quiet = false
  public var showsHeading = true
  /// Headings that are not simply a field's name in upper case.
  public var headings: [String: String] = [:]
  /// The template of the command's own table, columns separated by tabs.
  public var columns: String
  /// The field that `--quiet` prints.
  public var identity = "ID"

  public init(_ columns: String) { self.columns = columns }

  /// Prints the rows.
  ///
  /// `--format json` takes `json` instead where its keys are others.
  public func print(
    _ rows: [TemplateValue], json: @autoclosure () -> [TemplateValue]? = nil
  ) throws {
    if quiet, format == nil {
      return try Output.write(
        try OutputFormat("{{.\(identity)}}").render(rows))
    }
    let format = try OutputFormat(
      self.format ?? "table \(columns)", headings: headings, defaultTable: columns)
    if format.isJSON, let other = json() { return try Output.write(try format.render(other)) }
    // A template that prints nothing for no rows prints no empty line either.
    try Output.write(try format.render(rows, showsHeading: showsHeading))
  }
}
