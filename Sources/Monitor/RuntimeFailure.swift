import LinuxSystem
import Model

/// Makes a report of what an OCI runtime wrote when it failed.
///
/// The text is all that crun, runc and our own runtime have in common.
enum RuntimeFailure {
  static func report(doing: String, runtime: String, end: ProcessEnd, text: String) -> ErrorReport {
    let program = runtime.split(separator: "/").last.map(String.init) ?? runtime
    var lines = text.split(whereSeparator: \.isNewline).map(message(of:)).filter { !$0.isEmpty }
    var hint: String?
    if let last = lines.last, last.hasPrefix("hint: ") {
      hint = String(last.dropFirst(6))
      lines.removeLast()
    }
    let why = lines.suffix(3).joined(separator: "; ")
    guard !why.isEmpty else {
      let how =
        switch end {
        case .exited(let status): "exit status \(status)"
        case .signaled(let signal): "killed by signal \(signal)"
        }
      return ErrorReport(
        .unavailable, "\(program) failed to \(doing) the container and did not say why: \(how)",
        hint: hint ?? "choose another runtime: --runtime martlet-oci, crun or runc")
    }
    return ErrorReport(RuntimeMessage.kind(of: why), "\(program): \(why)", hint: hint)
  }

  /// What our own runtime wrote with --log (`TIME LEVEL: MESSAGE`), as it says it without.
  static func messages(ofLog text: [UInt8]) -> [UInt8] {
    var messages: [UInt8] = []
    for line in text.split(separator: 0x0A) {
      guard let space = line.firstIndex(of: 0x20) else { continue }
      messages += Array("martlet-oci: ".utf8) + line[(space + 1)...] + [0x0A]
    }
    return messages
  }

  /// A line without the prefixes that runtimes put before their message.
  private static func message(of line: Substring) -> String {
    var text = line
    for prefix in ["crun: ", "runc: ", "martlet-oci: ", "martlet: ", "error: "]
    where text.hasPrefix(prefix) {
      text = text.dropFirst(prefix.count)
    }
    // runc: time="…" level=error msg="quoted text"
    guard text.hasPrefix("time="), let start = text.firstRange(of: " msg=\"") else {
      return text.prefix(1_000).trimmed
    }
    var result = ""
    var escaped = false
    for character in text[start.upperBound...] {
      if !escaped && character == "\"" { break }
      if !escaped && character == "\\" {
        escaped = true
      } else {
        result.append(escaped && character == "n" ? " " : character)
        escaped = false
      }
    }
    return result[...].prefix(1_000).trimmed
  }
}

extension Substring {
  fileprivate var trimmed: String {
    var text = self
    while text.first?.isWhitespace == true { text = text.dropFirst() }
    while text.last?.isWhitespace == true { text = text.dropLast() }
    return String(text)
  }
}

extension Substring {
  /// Where `text` first is.
  fileprivate func firstRange(of text: String) -> Range<Index>? {
    var at = startIndex
    while at < endIndex {
      if self[at...].hasPrefix(text) { return at..<index(at, offsetBy: text.count) }
      at = index(after: at)
    }
    return nil
  }
}
