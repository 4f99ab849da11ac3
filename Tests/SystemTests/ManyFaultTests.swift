import Glibc
import TestSupport
import Testing

extension SystemTests {
  /// Monitors that die at a bad time, many commands on one container, impatient users: F05, F19, F34.
  @Suite(.enabled(if: Machine.current?.isPeer == false, "a peer has no such monitor"))
  struct ManyFaultTests {
    private func killMonitor(_ session: Session, _ name: String) throws {
      let monitor = try #require(Int32(try session.inspect(name, "{{.State.ConmonPid}}")))
      try #require(monitor > 1)
      kill(monitor, SIGKILL)
      #expect(Poll.until { kill(monitor, 0) != 0 })
    }

    /// F05: whatever it was at.
    @Test(arguments: ["paused", "executing", "logging", "stopping", "restarting"])
    func aMonitorThatDiesLeavesWhatCanBeRemoved(moment: String) throws {
      try Session.run { session in
        let script =
          switch moment {
          case "logging": "while true; do echo a line of the log; done"
          case "stopping": "trap '' TERM; echo deaf; while true; do sleep 0.05; done"
          case "restarting": "sleep 0.2; exit 1"
          default: "sleep 300"
          }
        try session.martlet(
          "run", "-d", "--name", "orphan", "--network", "none", "--restart", "always", "--log-opt",
          "max-size=4k", Session.image, "sh", "-c", script)
        var stop: RunningProgram?
        switch moment {
        case "paused":
          // Without a cgroup of ours there is no pausing; then it runs.
          _ = try? session.martlet("pause", "orphan")
        case "executing": try session.martlet("exec", "-d", "orphan", "sleep", "300")
        case "logging":
          #expect(
            try Poll.until {
              try session.martlet("logs", "--tail", "1", "orphan").output == "a line of the log"
            })
        case "stopping":
          #expect(try Poll.until { try session.martlet("logs", "orphan").output == "deaf" })
          stop = try session.start("stop", "-t", "60", "orphan")
          #expect(
            try Poll.until { try session.inspect("orphan", "{{.State.Status}}") == "stopping" })
        default:
          #expect(
            try Poll.until { try session.inspect("orphan", "{{.RestartCount}}") != "0" })
        }
        try killMonitor(session, "orphan")
        #expect(try session.martlet("ps", "-a", "--format", "{{.Names}}").output == "orphan")
        try session.martlet("logs", "--tail", "1", "orphan")
        try session.martlet("stop", "-t", "0", "orphan")
        if let stop {
          // Its monitor is gone; it is told, or sees the end.
          _ = try stop.wait()
        }
        #expect(
          try Poll.until { try session.inspect("orphan", "{{.State.Status}}") == "exited" })
        if moment != "restarting" {
          try session.martlet("start", "orphan")
          #expect(try session.martlet("exec", "orphan", "echo", "alive").output == "alive")
          try session.martlet("rm", "-f", "-t", "0", "orphan")
        } else {
          try session.martlet("rm", "orphan")
        }
      }
    }

    /// F19: as many starts, stops and removals of one container.
    @Test func manyWantTheSameOfOneContainer() throws {
      try Session.run { session in
        func all(_ words: [String]) throws -> [CommandResult] {
          let programs = try (0..<16).map { _ in try session.startGroup(words) }
          return try programs.map { try $0.wait() }
        }
        try session.martlet(
          "create", "--name", "one", "--network", "none", Session.image, "sleep", "300")
        for start in try all(["start", "one"]) {
          #expect(start.exitCode == 0, "\(start.transcript)")
        }
        #expect(try session.martlet("top", "one", "pid").lines.count == 2)
        for stop in try all(["stop", "-t", "0", "one"]) {
          #expect(stop.exitCode == 0, "\(stop.transcript)")
        }
        #expect(try session.inspect("one", "{{.State.Status}}") == "exited")
        let removals = try all(["rm", "one"])
        #expect(removals.count { $0.exitCode == 0 } == 1)
        for other in removals where other.exitCode != 0 {
          #expect(other.exitCode == 1, "\(other.transcript)")
          #expect(other.standardError.contains("no such container"), "\(other.transcript)")
        }
        #expect(try session.martlet("ps", "-aq").output == "")
      }
    }

    /// F34: who does not want to wait for a stop leaves it; the monitor goes on with it.
    @Test func anInterruptedStopIsLeftToTheMonitor() throws {
      try Session.run { session in
        try session.martlet(
          "run", "-d", "--name", "deaf", "--network", "none", Session.image, "sh", "-c",
          "trap 'echo heard' TERM; echo ready; while true; do sleep 0.05; done")
        #expect(try Poll.until { try session.martlet("logs", "deaf").output == "ready" })
        let stop = try session.start("stop", "-t", "3", "deaf")
        #expect(try Poll.until { try session.martlet("logs", "deaf").lines.last == "heard" })
        // A shell that runs tests in the background may have them ignore SIGINT.
        stop.send(SIGTERM)
        let result = try stop.wait()
        #expect(result.exitCode == 128 + SIGTERM, "\(result.transcript)")
        #expect(try session.martlet("wait", "deaf").output == "137")
      }
    }
  }
}
