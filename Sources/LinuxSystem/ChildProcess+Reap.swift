import CLinux
import Glibc

extension ChildProcess {
  /// How the child `pid` ended, reaped; nil while it runs.
  ///
  /// No such child is ECHILD.
  public static func reapIfEnded(_ pid: Int32) throws(SystemError) -> ProcessEnd? {
    var code: Int32 = 0
    var status: Int32 = 0
    let found = unsafe clinux_wait_pid(pid, 1, &code, &status)
    try check(found, "waitid", "\(pid)")
    return found == 0 ? nil : ProcessEnd(code: code, status: status)
  }
}

extension SignalSet {
  /// Gives every signal its default action and blocks none, as a program expects that is executed
  /// next in this process.
  public static func resetAll() throws(SystemError) {
    try check(clinux_reset_signals(), "sigprocmask")
  }
}
