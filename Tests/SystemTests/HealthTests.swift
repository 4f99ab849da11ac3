import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// Health checks, carried out by the monitor.
  @Suite struct HealthTests {
    private func status(_ session: Session, _ name: String) throws -> String {
      try session.inspect(name, "{{.State.Health.Status}}")
    }

    private func becomes(_ status: String, _ session: Session, _ name: String) throws -> Bool {
      try Poll.until { try self.status(session, name) == status }
    }

    @Test func tellsWhatTheChecksTell() throws {
      try Session.run { session in
        _ = try session.startSleeper(
          name: "well", "--health-cmd", "echo fine; test ! -e /tmp/bad", "--health-interval",
          "200ms",
          "--health-retries", "2")
        #expect(try becomes("healthy", session, "well"))
        #expect(
          try session.martlet("ps", "--format", "{{.Status}}").output.hasSuffix(" (healthy)"))
        #expect(
          try session.inspect("well", "{{(index .State.Health.Log 0).Output}}") == "fine")
        #expect(
          try session.inspect("well", "{{json .Config.Healthcheck.Test}}")
            == #"["CMD-SHELL","echo fine; test ! -e /tmp/bad"]"#)
        try session.martlet("exec", "well", "touch", "/tmp/bad")
        #expect(try becomes("unhealthy", session, "well"))
        #expect(
          try session.martlet("ps", "--format", "{{.Status}}").output.hasSuffix("(unhealthy)"))
        try session.martlet("exec", "well", "rm", "/tmp/bad")
        #expect(try becomes("healthy", session, "well"))
        #expect(
          try Poll.until { try session.inspect("well", "{{len .State.Health.Log}}") == "5" })
        try session.martlet("stop", "-t", "0", "well")
        #expect(try session.inspect("well", "{{len .State.Health.Log}}") == "5")
      }
    }

    @Test func checksWhenAsked() throws {
      try Session.run { session in
        _ = try session.startSleeper(
          name: "asked", "--health-cmd", "test ! -e /tmp/bad", "--health-interval", "disable")
        #expect(try status(session, "asked") == "starting")
        #expect(try session.martlet("healthcheck", "run", "asked").output == "")
        #expect(try status(session, "asked") == "healthy")
        try session.martlet("exec", "asked", "touch", "/tmp/bad")
        #expect(
          try session.martlet("healthcheck", "run", "asked", exit: 1).output == "unhealthy")
        #expect(try session.inspect("asked", "{{.State.Healthcheck.FailingStreak}}") == "1")
        #expect(try status(session, "asked") == "healthy")
        try session.martlet("healthcheck", "run", "--ignore-result", "asked")
        try session.martlet("restart", "-t", "0", "asked")
        #expect(
          try session.inspect("asked", "{{.State.Health.Status}} {{.State.Health.FailingStreak}}")
            == "starting 0")
      }
    }

    @Test func refusesToCheckWhatHasNoCheck() throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "plain")
        try session.martlet("healthcheck", "run", "plain", exit: 125)
        #expect(try status(session, "plain") == "")
        try session.martlet("create", "--name", "still", "--health-cmd", "true", Session.image)
        try session.martlet("healthcheck", "run", "still", exit: 125)
        try session.martlet(
          "create", "--health-on-failure", "kill", Session.image, "true", exit: 125)
      }
    }

    @Test func killsACheckThatTakesTooLong() throws {
      try Session.run { session in
        _ = try session.startSleeper(
          name: "slow", "--health-cmd", "exec sleep 77", "--health-timeout", "300ms",
          "--health-interval", "disable")
        #expect(try session.martlet("healthcheck", "run", "slow", exit: 1).output == "unhealthy")
        #expect(try session.inspect("slow", "{{(index .State.Health.Log 0).ExitCode}}") == "-1")
        let processes = try session.martlet("exec", "slow", "ps").output
        #expect(!processes.contains("sleep 77"), "\(processes)")
      }
    }

    @Test(arguments: ["none", "kill", "stop", "restart"])
    func actsOnAFailure(action: String) throws {
      try Session.run { session in
        _ = try session.startSleeper(
          name: "failing", "--health-cmd", "test ! -e /tmp/bad", "--health-interval", "disable",
          "--health-retries", "1", "--health-on-failure", action, "--stop-timeout", "0", "--tmpfs",
          "/tmp")
        let first = try session.inspect("failing", "{{.State.Pid}}")
        try session.martlet("exec", "failing", "touch", "/tmp/bad")
        try session.martlet("healthcheck", "run", "failing", exit: 1)
        switch action {
        case "none":
          #expect(try session.inspect("failing", "{{.State.Pid}}") == first)
          #expect(try status(session, "failing") == "unhealthy")
        case "restart":
          #expect(
            try Poll.until {
              try session.inspect("failing", "{{.State.Status}} {{.RestartCount}}") == "running 1"
            })
          #expect(try session.inspect("failing", "{{.State.Pid}}") != first)
          try session.martlet("healthcheck", "run", "failing")
        default:
          #expect(
            try session.inspect("failing", "{{.State.Status}} {{.State.ExitCode}}") == "exited 137")
        }
      }
    }

    @Test func startupChecksComeFirst() throws {
      try Session.run { session in
        _ = try session.startSleeper(
          name: "starting", "--health-cmd", "echo regular", "--health-interval", "disable",
          "--health-startup-cmd", "echo startup; test -e /tmp/up")
        try session.martlet("healthcheck", "run", "starting", exit: 1)
        #expect(try status(session, "starting") == "starting")
        try session.martlet("exec", "starting", "touch", "/tmp/up")
        try session.martlet("healthcheck", "run", "starting")
        try session.martlet("healthcheck", "run", "starting")
        #expect(try status(session, "starting") == "healthy")
        let outputs = try session.inspect(
          "starting", "{{range .State.Health.Log}}{{.Output}}{{end}}")
        #expect(outputs == "startup\nstartup\nregular")
      }
    }

    @Test func writesNothingWhileHealthy() throws {
      try Session.run { session in
        let id = try session.startSleeper(
          name: "quiet", "--health-cmd", "true", "--health-interval", "50ms")
        #expect(try becomes("healthy", session, "quiet"))
        let live = try session.inspect("quiet", "{{.PidFile}}").replacing("pidfile", with: "state")
        let kept = try session.inspect("quiet", "{{.StaticDir}}") + "/health"
        func stamps() throws -> [Date?] {
          try [live, kept].map {
            try FileManager.default.attributesOfItem(atPath: $0)[.modificationDate] as? Date
          }
        }
        func last() throws -> String {
          try session.inspect("quiet", "{{(index .State.Health.Log 4).Start}}")
        }
        #expect(
          try Poll.until { try session.inspect("quiet", "{{len .State.Health.Log}}") == "5" })
        let before = try stamps()
        let start = try last()
        #expect(try Poll.until { try last() > start })
        #expect(try stamps() == before)
        #expect(id.count == 64)
      }
    }

    @Test func keepsTheResultsInAFileWhenAsked() throws {
      try Session.run { session in
        let id = try session.startSleeper(
          name: "logged", "--health-cmd", "echo \"say 'hi'\"", "--health-interval", "disable",
          "--health-log-destination", session.directory, "--health-max-log-size", "5")
        try session.martlet("healthcheck", "run", "logged")
        let text = try String(
          contentsOfFile: "\(session.directory)/\(id)-healthcheck.log", encoding: .utf8)
        #expect(text.hasPrefix(#"{"Status":"healthy","FailingStreak":0,"Log":[{"Start":"2"#))
        #expect(text.hasSuffix(#","ExitCode":0,"Output":"say '"}]}"# + "\n"))
      }
    }

    @Test func aCheckEndsWithItsContainer() throws {
      try Session.run { session in
        _ = try session.startSleeper(
          name: "ending", "--health-cmd", "touch /tmp/began; sleep 60", "--health-interval",
          "disable")
        let check = try session.start("healthcheck", "run", "ending")
        #expect(
          try Poll.until {
            try session.martlet("exec", "ending", "sh", "-c", "ls /tmp").output == "began"
          })
        try session.martlet("stop", "-t", "0", "ending")
        let result = try check.wait()
        #expect(result.exitCode == 1)
        #expect(result.output == "stopped")
        #expect(
          try session.inspect("ending", "{{.State.Health.Status}} {{.State.Health.FailingStreak}}")
            == "stopped 0")
      }
    }
  }
}
