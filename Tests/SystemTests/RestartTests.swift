import FoundationEssentials
import Glibc
import TestSupport
import Testing

extension SystemTests {
  /// Restart policies, carried out by the monitor.
  @Suite struct RestartTests {
    private func count(_ session: Session, _ name: String) throws -> Int {
      Int(try session.inspect(name, "{{.RestartCount}}")) ?? -1
    }

    private func run(
      _ session: Session, _ name: String, _ policy: String, _ command: String...
    ) throws {
      try session.martlet(
        ["run", "-d", "--network", "none", "--name", name, "--restart", policy, Session.image]
          + command)
    }

    @Test(arguments: [
      ("no", "exit 1", 0), ("on-failure:2", "exit 3", 2), ("on-failure", "exit 0", 0),
      ("on-failure:1", "exit 0", 0),
    ])
    func endsAsThePolicySays(policy: String, script: String, restarts: Int) throws {
      try Session.run { session in
        try run(session, "policy", policy, "sh", "-c", script)
        #expect(
          Poll.until {
            (try? session.inspect("policy", "{{.State.Status}} {{.RestartCount}}"))
              == "exited \(restarts)"
          })
        #expect(try session.inspect("policy", "{{.State.ExitCode}}") == script.suffix(1))
        #expect(
          try session.martlet("ps", "-a", "--format", "{{.Restarts}}").output == "\(restarts)")
        #expect(
          try session.martlet("logs", "-f", "policy").output == "",
          "a log that is followed ends with the last run")
      }
    }

    @Test func takesAnotherPolicyWhileItRuns() throws {
      try Session.run { session in
        try run(
          session, "changed", "no", "sh", "-c",
          "until [ -e /go ]; do sleep 0.02; done; exit 4")
        try session.martlet("update", "--restart", "on-failure:1", "changed")
        #expect(
          try session.inspect("changed", "{{.HostConfig.RestartPolicy.Name}}") == "on-failure")
        try session.martlet("exec", "changed", "touch", "/go")
        #expect(
          Poll.until {
            (try? session.inspect("changed", "{{.State.Status}} {{.RestartCount}}")) == "exited 1"
          })
      }
    }

    @Test(arguments: ["always", "unless-stopped"])
    func startsAgainUntilStopped(policy: String) throws {
      try Session.run { session in
        try run(session, "again", policy, "sh", "-c", "echo run; sleep 0.1")
        #expect(try Poll.until { try count(session, "again") >= 2 })
        try session.martlet("stop", "-t", "0", "again")
        #expect(try session.inspect("again", "{{.State.Status}}") == "exited")
        let restarts = try count(session, "again")
        #expect(try session.martlet("logs", "again").lines.count >= restarts)
        // A start counts from nothing again.
        try session.martlet("start", "again")
        #expect(try count(session, "again") < max(restarts, 2))
        #expect(try Poll.until { try count(session, "again") >= 1 })
        try session.martlet("kill", "again")
        #expect(
          try Poll.until { try session.inspect("again", "{{.State.Status}}") == "exited" })
      }
    }

    @Test func aContainerThatWaitsForItsRestartCanBeStoppedAndRemoved() throws {
      try Session.run { session in
        for name in ["first", "second"] {
          try run(session, name, "always", "false")
          // Each wait is twice as long as the one before.
          #expect(
            try Poll.until {
              // A slow machine may not see the third.
              try session.inspect(name, "{{.State.Restarting}} {{ge .RestartCount 3}}")
                == "true true"
            })
        }
        try session.martlet("stop", "first")
        #expect(
          try session.inspect("first", "{{.State.Status}} {{.State.ExitCode}}") == "exited 1")
        try session.martlet("rm", "second", exit: 2)
        try session.martlet("rm", "-f", "second")
        #expect(try session.martlet("ps", "-a", "--format", "{{.Names}}").lines == ["first"])
      }
    }

    /// F22.
    @Test func manyThatFailLeaveTheMachineUsable() throws {
      try Session.run { session in
        let names = (0..<24).map { "failing\($0)" }
        let runs = try names.map {
          try session.start(
            "run", "-d", "--network", "none", "--name", $0, "--restart", "always", Session.image,
            "false")
        }
        for run in runs { #expect(try run.wait().exitCode == 0) }
        // The back-off is bounded: 100 ms, doubled each time.
        #expect(try Poll.until { try names.allSatisfy { try count(session, $0) >= 2 } })
        let rows = try session.martlet("ps", "-a", "--format", "{{.Names}} {{.Restarts}}").lines
        #expect(rows.count == names.count)
        for row in rows {
          let restarts = Int(row.split(separator: " ")[1]) ?? 99
          #expect(restarts <= 10, "\(row)")
        }
        try session.martlet("stop", "-a", "-t", "0")
        #expect(try session.martlet("ps", "-q").output == "")
      }
    }

    /// F25: what a machine that went down leaves, and what starts again.
    @Test func startsWhatRanBeforeTheMachineWentDown() throws {
      try Session.run { session in
        for (name, policy) in [
          ("always", "always"), ("unless", "unless-stopped"), ("stopped", "unless-stopped"),
          ("plain", "no"),
        ] {
          try run(session, name, policy, "sleep", "300")
        }
        try session.martlet(
          "create", "--network", "none", "--name", "created", Session.image, "true")
        try session.martlet("stop", "-t", "0", "stopped")
        let live = try session.inspect("plain", "{{.PidFile}}")
        for name in ["always", "unless", "plain"] {
          let monitor = Int32(try session.inspect(name, "{{.State.ConmonPid}}")) ?? 0
          #expect(kill(monitor, SIGKILL) == 0)
          // With its monitor gone it still runs.
          try session.martlet("kill", name)
          #expect(
            try Poll.until { try session.inspect(name, "{{.State.Status}}") == "exited" })
        }
        let parts = live.split(separator: "/")
        let root = "/" + parts.dropLast(3).joined(separator: "/")
        #expect(root.hasSuffix("/martlet"))
        try FileManager.default.removeItem(atPath: root)
        for name in ["always", "unless", "plain", "stopped"] {
          #expect(try session.inspect(name, "{{.State.Status}}") == "exited", "\(name)")
        }
        #expect(try session.inspect("created", "{{.State.Status}}") == "created")
        try session.martlet("start", "--all", "--filter", "should-start-on-boot=true")
        #expect(
          try session.martlet("ps", "--format", "{{.Names}}").lines.sorted() == [
            "always", "unless",
          ])
        try session.martlet("stop", "-a", "-t", "0")
        try session.martlet("start", "--all", "--filter", "restart-policy=always")
        #expect(try session.martlet("ps", "--format", "{{.Names}}").lines == ["always"])
      }
    }
  }
}
