import LinuxSystem
import OCISpec

/// Where messages go: standard error, or the file that --log names, as text or JSON lines.
struct RuntimeLog: Sendable {
  var file: String?
  var json = false

  func write(level: String, _ message: String) {
    guard let file else {
      print(level: level, message)
      return
    }
    // A log that cannot be written must not hide the message.
    do throws(SystemError) {
      let log = try OwnedDescriptor.open(file, [.writeOnly, .create, .append], mode: 0o644)
      try Descriptor.writeAll(log.raw, line(level, message))
    } catch { print(level: level, message) }
  }

  private func print(level: String, _ message: String) {
    let text = "martlet-oci: \(level): \(message.replacingControlCharacters)\n"
    try? Descriptor.writeAll(Descriptor.standardError, text)
  }

  private func line(_ level: String, _ message: String) -> String {
    let time = Timestamp.text(nanoseconds: Clock.realtime())
    guard json else { return "\(time) \(level): \(message.replacingControlCharacters)\n" }
    let object = JSONValue.object(
      JSONObject([
        JSONObject.Member("msg", .string(message)), JSONObject.Member("level", .string(level)),
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
