import Model

/// Signals as a command line names them: `TERM`, `SIGTERM`, `15`, `RTMIN+3`.
enum SignalName {
  private static let names = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
  ]
  private static let aliases: [String: Int32] = ["IOT": 6, "CLD": 17, "POLL": 29, "UNUSED": 31]

  static func number(_ text: String) throws(ErrorReport) -> Int32 {
    if let number = Int32(text), (0...64).contains(number) { return number }
    var name = text.uppercased()
    if name.hasPrefix("SIG") { name = String(name.dropFirst(3)) }
    if let index = names.firstIndex(of: name) { return Int32(index + 1) }
    if let number = aliases[name] { return number }
    if name == "RTMIN" { return 34 }
    if name == "RTMAX" { return 64 }
    if name.hasPrefix("RTMIN+"), let offset = Int32(name.dropFirst(6)), (0...30).contains(offset) {
      return 34 + offset
    }
    if name.hasPrefix("RTMAX-"), let offset = Int32(name.dropFirst(6)), (0...30).contains(offset) {
      return 64 - offset
    }
    throw ErrorReport(.invalidRequest, "unknown signal `\(text)`")
  }
}
