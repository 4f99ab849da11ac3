import Glibc
import TestSupport
import Testing

extension SystemTests {
  /// What killed processes and races leave: a state that the next command can work with.
  @Suite struct FaultTests {
    /// F03: the command dies at fifty moments between its first instruction and its end.
    @Test func aKilledRunLeavesAUsableState() throws {
      try Session.run { session in
        for moment in 0..<50 {
          let name = "killed\(moment)"
          let run = try session.start(
            "run", "--rm", "--name", name, "--network", "none", Session.image, "true")
          // The moment is the point of the test: nothing is waited for.
          _ = Poll.until(deadline: .microseconds(moment * 500)) { false }
          run.send(SIGKILL)
          _ = try run.wait()
          try session.martlet("ps", "-a")
          // The name is free, or its container can be removed: never neither.
          try session.martlet("rm", "-f", "-t", "0", name)
          try session.martlet("create", "--name", name, Session.image, "true")
          try session.martlet("rm", name)
        }
        #expect(try session.martlet("ps", "-aq").output == "")
      }
    }

    /// F05: without its monitor a container still runs, and everything said of it is true.
    @Test(.enabled(if: Machine.current?.isPeer == false, "a peer has no such monitor"))
    func aKilledMonitorLeavesTheTruth() throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "orphan")
        let text = try session.inspect("orphan", "{{.State.ConmonPid}}")
        let monitor = try #require(Int32(text))
        try #require(monitor > 1)
        kill(monitor, SIGKILL)
        #expect(Poll.until { kill(monitor, 0) != 0 })
        #expect(try session.inspect("orphan", "{{.State.Running}}") == "true")
        #expect(try session.martlet("exec", "orphan", "echo", "alive").output == "alive")
        try session.martlet("stop", "-t", "0", "orphan")
        #expect(
          Poll.until {
            (try? session.inspect("orphan", "{{.State.Status}}")) == "exited"
          })
        try session.martlet("rm", "orphan")
      }
    }

    @Test(arguments: [0, 2]) func aFailingContainerCountsItsRestarts(limit: Int) throws {
      try Session.run { session in
        let policy = limit == 0 ? "no" : "on-failure:\(limit)"
        try session.martlet(
          "run", "-d", "--restart", policy, "--network", "none", "--name", "failing", Session.image,
          "sh", "-c", "exit 3")
        #expect(
          try Poll.until {
            try session.inspect("failing", "{{.RestartCount}} {{.State.Status}}")
              == "\(limit) exited"
          })
        #expect(try session.inspect("failing", "{{.State.ExitCode}}") == "3")
        let status = try session.martlet("ps", "-a", "--format", "{{.Status}}").output
        #expect(status.hasPrefix("Exited (3)"))
      }
    }

    /// F19: of many that want one name, one gets it, and the others are told who has it.
    @Test func oneOfManyGetsTheName() throws {
      try Session.run { session in
        let creates = try (0..<16).map { _ in
          try session.start("create", "--name", "wanted", Session.image, "true")
        }
        let results = try creates.map { try $0.wait() }
        #expect(results.filter { $0.exitCode == 0 }.count == 1)
        for loser in results where loser.exitCode != 0 {
          #expect(loser.exitCode == 125)
          #expect(loser.standardError.contains("already in use"))
        }
        #expect(try session.martlet("ps", "-aq").output.split(separator: "\n").count == 1)
      }
    }

    /// Nothing is locked for all while one is set up.
    @Test func fiftyAtOnceAllSucceed() throws {
      try Session.run { session in
        let runs = try (0..<50).map { number in
          try session.start(
            "run", "--rm", "--network", "none", Session.image, "echo", "\(number)")
        }
        for (number, run) in runs.enumerated() {
          let result = try run.wait(deadline: .seconds(120))
          #expect(result.exitCode == 0, "\(result.transcript)")
          #expect(result.output == "\(number)")
        }
        #expect(try session.martlet("ps", "-aq").output == "")
      }
    }
  }
}
