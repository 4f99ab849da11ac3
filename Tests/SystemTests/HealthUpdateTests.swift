import TestSupport
import Testing

extension SystemTests {
  /// `update` of health checks: the monitor takes them at once, the next start finds them.
  @Suite struct HealthUpdateTests {
    private func becomes(_ status: String, _ session: Session, _ name: String) throws -> Bool {
      try Poll.until { try session.inspect(name, "{{.State.Health.Status}}") == status }
    }

    @Test func aRunningContainerHasANewCheckAtOnce() throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "plain")
        #expect(
          try session.martlet(
            "update", "--health-cmd", "echo one; test ! -e /tmp/bad", "--health-interval", "100ms",
            "--health-retries", "2", "plain"
          ).output == "plain")
        #expect(try becomes("healthy", session, "plain"))
        try session.martlet("exec", "plain", "touch", "/tmp/bad")
        #expect(try becomes("unhealthy", session, "plain"))
        try session.martlet("update", "--health-cmd", "echo two", "plain")
        #expect(try becomes("healthy", session, "plain"))
        #expect(
          try session.inspect(
            "plain", "{{json .Config.Healthcheck.Test}} {{.Config.Healthcheck.Retries}}")
            == #"["CMD-SHELL","echo two"] 2"#)
        try session.martlet("restart", "-t", "0", "plain")
        #expect(try becomes("healthy", session, "plain"))
        #expect(
          try session.inspect("plain", "{{(index .State.Health.Log 0).Output}}") == "two")
        try session.martlet("update", "--health-max-log-count", "1", "plain")
        #expect(try session.inspect("plain", "{{len .State.Health.Log}}") == "1")
      }
    }

    @Test func aCheckCanBeTakenAway() throws {
      try Session.run { session in
        for flags in [["--no-healthcheck"], ["--health-cmd", "none"]] {
          _ = try session.startSleeper(
            name: "checked", "--health-cmd", "touch /tmp/seen", "--health-interval", "50ms")
          #expect(try becomes("healthy", session, "checked"))
          try session.martlet(["update"] + flags + ["checked"])
          #expect(
            try !session.martlet("ps", "--format", "{{.Status}}").output.contains("healthy"))
          try session.martlet("healthcheck", "run", "checked", exit: 125)
          try session.martlet("exec", "checked", "rm", "-f", "/tmp/seen")
          // Ten intervals, and a probe that was on its way.
          try session.martlet("exec", "checked", "sleep", "0.5")
          try session.martlet("exec", "checked", "test", "!", "-e", "/tmp/seen")
          try session.martlet("restart", "-t", "0", "checked")
          #expect(try !session.martlet("ps", "--format", "{{.Status}}").output.contains("health"))
          try session.martlet("rm", "-f", "-t", "0", "checked")
        }
      }
    }

    @Test func actionsAndTimesChangeToo() throws {
      try Session.run { session in
        _ = try session.startSleeper(
          name: "failing", "--health-cmd", "false", "--health-interval", "1h")
        #expect(try becomes("starting", session, "failing"))
        try session.martlet(
          "update", "--health-interval", "100ms", "--health-retries", "1", "--health-on-failure",
          "kill", "failing")
        #expect(try session.martlet("wait", "failing").output == "137")
        try session.martlet(
          "update", "--health-cmd", "exec sleep 60", "--health-timeout",
          "200ms", "--health-on-failure", "none", "--health-log-destination", session.directory,
          "failing")
        try session.martlet("start", "failing")
        #expect(try becomes("unhealthy", session, "failing"))
        #expect(
          try session.inspect("failing", "{{(index .State.Health.Log 0).ExitCode}}") == "-1")
      }
    }

    @Test func startupChecksComeFirst() throws {
      try Session.run { session in
        _ = try session.startSleeper(
          name: "slow", "--health-cmd", "true", "--health-interval", "1h",
          "--health-start-period", "1h")
        try session.martlet(
          "update", "--health-startup-cmd", "test -e /tmp/up", "--health-startup-interval",
          "100ms", "--health-startup-success", "2", "slow")
        try session.martlet("restart", "-t", "0", "slow")
        #expect(
          try Poll.until {
            try session.inspect("slow", "{{len .State.Health.Log}}") != "0"
          })
        #expect(try session.inspect("slow", "{{.State.Health.Status}}") == "starting")
        try session.martlet("exec", "slow", "touch", "/tmp/up")
        #expect(try becomes("healthy", session, "slow"))
      }
    }

    @Test func whatCannotBeIsRefusedAndChangesNothing() throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "plain")
        for wrong in [
          ["--health-interval", "1s"], ["--health-startup-cmd", "true"],
          ["--no-healthcheck", "--health-cmd", "true"],
          ["--health-cmd", "true", "--health-retries", "0"],
          ["--health-cmd", "true", "--health-timeout", "0s"],
          ["--health-cmd", "true", "--health-on-failure", "often"],
        ] {
          try session.martlet(["update", "--restart", "always"] + wrong + ["plain"], exit: 125)
        }
        #expect(
          try session.inspect("plain", "{{.HostConfig.RestartPolicy.Name}}") == "no")
        try session.martlet("healthcheck", "run", "plain", exit: 125)
      }
    }
  }
}
