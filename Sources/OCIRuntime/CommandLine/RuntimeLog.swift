import LinuxSystem
import Model
import OCISpec

/// Where messages go: standard error, or the file that --log names, as text or JSON lines.
struct RuntimeLog: Sendable {
  enum Level: String, Sendable, CaseIterable {
    case debug, info, warning, error

    /// The names that other runtimes take, too.
    init?(named name: String) {
      switch name {
      case "warn": self = .warning
      case "fatal", "panic": self = .error
      default: self.init(rawValue: name)
      }
    }

    fileprivate var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  }

  var file: String?
  var json = false
  /// The least level that is written.
  var level = Level.warning

  func write(_ level: Level, _ message: String) {
    guard level.order >= self.level.order else { return }
    let entry = entry(level, message)
    // A log that cannot be written must not hide the message.
    if append(entry ?? dated(level.rawValue, message)) { return }
    tell(entry ?? "martlet-oci: \(level.rawValue): \(message.replacingControlCharacters)\n")
  }

  /// What to do about the error that was written last; a log of JSON lines has no place for it.
  func writeHint(_ hint: String) {
    if !json, append(dated("hint", hint)) { return }
    tell("hint: \(hint.replacingControlCharacters)\n")
  }

  private func tell(_ text: String) {
    try? Descriptor.writeAll(Descriptor.standardError, text)
  }

  /// False where there is no log that can be written.
  private func append(_ line: String) -> Bool {
    guard let file else { return false }
    do throws(SystemError) {
      let log = try OwnedDescriptor.open(file, [.writeOnly, .create, .append], mode: 0o644)
      try Descriptor.writeAll(log.raw, line)
      return true
    } catch { return false }
  }

  private func dated(_ level: String, _ message: String) -> String {
    "\(Timestamp.format(Clock.realtime())) \(level): \(message.replacingControlCharacters)\n"
  }

  /// The message for programs, in a log and elsewhere; nil for what is text for people.
  private func entry(_ level: Level, _ message: String) -> String? {
    let time = Timestamp.format(Clock.realtime())
    if json {
      let object = JSONValue.object(
        JSONObject([
          JSONObject.Member("msg", .string(message)),
          JSONObject.Member("level", .string(level.rawValue)),
          JSONObject.Member("time", .string(time)),
        ]))
      return String(decoding: object.encoded(), as: UTF8.self) + "\n"
    }
    guard level.order < Level.warning.order else { return nil }
    // What tells a developer what happens is logfmt, by which runc's is searched.
    let text = message.replacingControlCharacters.split(
      separator: "\"", omittingEmptySubsequences: false)
    return "time=\"\(time)\" level=\(level.rawValue) msg=\"\(text.joined(separator: "\\\""))\"\n"
  }
}

extension String {
  /// Names come from images and bundles: their control characters must not reach a terminal.
  fileprivate var replacingControlCharacters: String {
    guard unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) })
    else { return self }
    return unicodeScalars.map { scalar in
      guard scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) else {
        return String(Character(scalar))
      }
      let hex = String(scalar.value, radix: 16)
      return "\\x\(hex.count < 2 ? "0" : "")\(hex)"
    }.joined()
  }
}
