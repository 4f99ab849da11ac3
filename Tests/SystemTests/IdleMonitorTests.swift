import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// What a container costs while nothing happens.
  @Suite struct IdleMonitorTests {
    /// A monitor that looks around every now and then keeps a laptop awake, a hundred of them a server.
    @Test(
      .enabled(if: Machine.current?.isPeer == false, "a peer has no such monitor"),
      arguments: [
        (flags: [], longest: -1), (["-t"], -1), (["-i"], -1), (["--restart", "always"], -1),
        (["--health-cmd", "true", "--health-interval", "2h"], 7_200_000),
      ] as [(flags: [String], longest: Int32)])
    func sleepsUntilSomethingHappens(flags: [String], longest: Int32) throws {
      try Session.run { session in
        _ = try session.martlet(
          ["run", "-d", "--network", "none", "--name", "idle"] + flags
            + [Session.image, "sleep", "300"])
        let monitor = try session.inspect("idle", "{{.State.ConmonPid}}")
        var timeout: Int32?
        let sleeps = Poll.until {
          timeout = Self.timeout(of: monitor)
          guard let timeout else { return false }
          // Two hours less what has gone by since the first probe.
          return longest == -1 ? timeout == -1 : timeout > longest - 120_000
        }
        #expect(sleeps, "it waits for \(timeout.map(String.init) ?? "something else") ms")
      }
    }

    /// For how many milliseconds a process waits in epoll_wait(2) or epoll_pwait(2), -1 being for
    /// ever: the fourth argument in proc_pid_syscall(5).
    private static func timeout(of process: String) -> Int32? {
      guard
        let line = try? String(contentsOfFile: "/proc/\(process)/syscall", encoding: .utf8),
        case let fields = line.split(separator: " "), fields.count > 4,
        ["232", "281", "22"].contains(fields[0]),
        let argument = UInt64(fields[4].dropFirst(2), radix: 16)
      else { return nil }
      return Int32(truncatingIfNeeded: argument)
    }
  }
}
