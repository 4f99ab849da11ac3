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
    // A log that cannot be written must not hide the message.
    if !append(line(level.rawValue, message)) { print(level, message) }
  }

  /// What to do about the error that was written last; a log of JSON lines has no place for it.
  func writeHint(_ hint: String) {
    if !json, append(line("hint", hint)) { return }
    try? Descriptor.writeAll(
      Descriptor.standardError, "hint: \(hint.replacingControlCharacters)\n")
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

  private func print(_ level: Level, _ message: String) {
    // What tells a developer what happens looks as in a log.
    let text =
      json || level == .debug || level == .info
      ? line(level.rawValue, message)
      : "martlet-oci: \(level.rawValue): \(message.replacingControlCharacters)\n"
    try? Descriptor.writeAll(Descriptor.standardError, text)
  }

  private func line(_ level: String, _ message: String) -> String {
    let time = Timestamp.format(Clock.realtime())
    guard json else {
      guard level == "debug" || level == "info" else {
        return "\(time) \(level): \(message.replacingControlCharacters)\n"
      }
      // logfmt, by which runc's are searched.
      let text = message.replacingControlCharacters.split(
        separator: "\"", omittingEmptySubsequences: false)
      return "time=\"\(time)\" level=\(level) msg=\"\(text.joined(separator: "\\\""))\"\n"
    }
    let object = JSONValue.object(
      JSONObject([
        JSONObject.Member("msg", .string(message)),
        JSONObject.Member("level", .string(level)),
        JSONObject.Member("time", .string(time)),
      ]))
    return String(decoding: object.encoded(), as: UTF8.self) + "\n"
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
