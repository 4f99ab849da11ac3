import Glibc
import TestSupport
import Testing

extension SystemTests {
  /// What the tests take for something that a command left behind.
  @Suite(.enabled(if: Machine.has("python3") && Machine.has("unshare"), "python3 is missing"))
  struct CensusTests {
    /// A process in a user namespace of its own, with the environment that it is given.
    private func other(_ session: Session, _ environment: String) throws -> RunningProgram {
      let script = """
        import os
        for fd in range(3): os.dup2(os.open('/dev/null', os.O_RDWR), fd)
        os.execve('/bin/sleep', ['sleep', '300'], \(environment))
        """
      return try Program(
        path: "unshare", arguments: ["-U", "python3", "-c", script],
        environment: session.program.environment, directory: session.directory
      ).start()
    }

    @Test(arguments: ["{'container': 'podman'}", "{'HOME': '/tmp/mt0/h/'}"])
    func containersOfOthersAreNotLeaks(environment: String) throws {
      var running: RunningProgram?
      defer { running?.send(SIGKILL) }
      try Session.run { session in running = try other(session, environment) }
      running?.send(SIGKILL)
      _ = try running?.wait()
    }
  }
}
