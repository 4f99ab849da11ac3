import LinuxSystem

/// What happens inside, for whoever asks by `--log-level`: lines of `key=value` on standard error.
///
/// Silent by default: warnings and errors reach the user as messages of the command, not here.
public struct Log: Sendable {
  /// From the most important to the least.
  public enum Level: String, Comparable, Sendable, CaseIterable {
    case panic, fatal, error, warn, info, debug, trace

    /// Reads a level's name; `warning` is `warn`.
    public init?(name: String) {
      guard let level = Level(rawValue: name == "warning" ? "warn" : name) else { return nil }
      self = level
    }

    private var rank: Int { Level.allCases.firstIndex(of: self) ?? 0 }
    public static func < (a: Level, b: Level) -> Bool { a.rank < b.rank }
  }

  public let level: Level

  public init(_ level: Level = .warn) { self.level = level }

  /// Tells a step that was taken, with what it was taken on.
  public func debug(
    _ step: @autoclosure () -> String,
    _ fields: @autoclosure () -> KeyValuePairs<String, String> = [:]
  ) {
    if .debug <= level { tell(.debug, step, fields) }
  }

  public func info(
    _ step: @autoclosure () -> String,
    _ fields: @autoclosure () -> KeyValuePairs<String, String> = [:]
  ) {
    if .info <= level { tell(.info, step, fields) }
  }

  /// What only matters to whoever looks for a fault in Martlet itself.
  public func trace(
    _ step: @autoclosure () -> String,
    _ fields: @autoclosure () -> KeyValuePairs<String, String> = [:]
  ) {
    if .trace <= level { tell(.trace, step, fields) }
  }

  /// Not inlined: a function looks up the types that it uses before it does anything else.
  @inline(never) private func tell(
    _ at: Level, _ step: () -> String, _ fields: () -> KeyValuePairs<String, String>
  ) {
    var line = "martlet: level=\(at.rawValue) msg=\(quoted(step()))"
    for (key, value) in fields() { line += " \(key)=\(quoted(value))" }
    // Nobody may be listening any more.
    try? Descriptor.writeAll(Descriptor.standardError, line + "\n")
  }

  private func quoted(_ text: String) -> String {
    text.contains { $0 == " " || $0 == "\"" || $0.isNewline || $0 == "\u{1B}" }
      ? text.debugDescription : text
  }
}
