/// Bounds that keep a hostile or mistyped template from exhausting the stack or memory.
enum TemplateLimit {
  static let depth = 200
  static let calls = 16
  /// Of printf's width and precision, and of pad's counts.
  static let width = 10_000
}
