import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// What is known of processes that `exec` starts.
  @Suite struct ExecSessionTests {
    @Test func theEndOfADetachedProcessIsRecorded() throws {
      try Session.run { session in
        let id = try session.startSleeper(name: "busy")
        // The file is what lets it end: until then it is listed.
        try session.martlet(
          "exec", "-d", "busy", "sh", "-c", "until test -e /go; do sleep 0.05; done; exit 7")
        let ids = try session.inspect("busy", "{{len .ExecIDs}} {{range .ExecIDs}}{{.}}{{end}}")
        #expect(ids.hasPrefix("1 ") && ids.count == 66)
        try session.martlet("exec", "busy", "touch", "/go")
        let died = {
          try session.martlet(
            "events", "--stream=false", "--filter", "container=\(id)", "--filter",
            "event=exec_died", "--format", "{{.ContainerExitCode}}"
          ).output.split(separator: "\n").sorted()
        }
        #expect(try Poll.until { try died() == ["0", "7"] })
        #expect(try session.inspect("busy", "{{len .ExecIDs}}") == "0")
      }
    }

    /// Under runtimes that connect a terminal with one of their own, too.
    @Test func aDetachedProcessMayHaveATerminal() throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "busy")
        // More than the terminal holds: somebody must take it.
        let script = "test -t 0 && test -t 1 && seq 1 20000 && touch /done; exec sleep 300"
        try session.martlet("exec", "-dt", "busy", "sh", "-c", script)
        #expect(
          Poll.until { (try? session.martlet("exec", "busy", "test", "-e", "/done")) != nil })
        #expect(try session.inspect("busy", "{{len .ExecIDs}}") == "1")
        let missing = try session.martlet("exec", "-dt", "busy", "/no/such", exit: 125)
        #expect(missing.standardError.contains("/no/such"))
      }
    }

    /// The codes 126 and 127 are a command's that was waited for; podman keeps them to that as well.
    @Test(arguments: [
      (["busy", "/no/such"], Int32(127), "/no/such"), (["busy", "/etc"], 126, "/etc"),
      (["-w", "/no/such", "busy", "true"], 127, "/no/such"),
    ])
    func aDetachedCommandThatCannotStartFails(
      words: [String], attached: Int32, named: String
    ) throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "busy")
        for (flags, code) in [(["-d"], Int32(125)), ([], attached)] {
          let result = try session.martlet(["exec"] + flags + words, exit: code)
          #expect(result.standardError.contains(named))
        }
        #expect(try session.inspect("busy", "{{len .ExecIDs}}") == "0")
      }
    }

    @Test func aStoppedContainersDetachedProcessIsRecordedToo() throws {
      try Session.run { session in
        let id = try session.startSleeper(name: "busy")
        try session.martlet("exec", "-d", "busy", "sleep", "300")
        try session.martlet("stop", "-t", "0", "busy")
        #expect(
          try Poll.until {
            try session.martlet(
              "events", "--stream=false", "--filter", "container=\(id)", "--filter",
              "event=exec_died", "--format", "{{.ContainerExitCode}}"
            ).output == "137"
          })
      }
    }

    @Test func eventsCarryTheNewNameAfterARename() throws {
      try Session.run { session in
        let id = try session.startSleeper(name: "old")
        try session.martlet("rename", "old", "new")
        try session.martlet("stop", "-t", "0", "new")
        let names = try session.martlet(
          "events", "--stream=false", "--filter", "container=\(id)", "--format",
          "{{.Status}} {{.Name}}"
        ).output.split(separator: "\n")
        #expect(names.contains("rename new"))
        #expect(names.contains("died new"))
        #expect(names.contains("stop new"))
      }
    }

    @Test func aContainerThatRemovesItselfSurvivesARestart() throws {
      try Session.run { session in
        try session.martlet(
          "run", "-d", "--rm", "--network", "none", "--name", "again", Session.image, "sleep",
          "300")
        let first = try session.inspect("again", "{{.Id}} {{.State.Pid}}")
        try session.martlet("restart", "-t", "0", "again")
        let second = try session.inspect("again", "{{.Id}} {{.State.Pid}}")
        #expect(first.prefix(64) == second.prefix(64) && first != second)
        #expect(try session.inspect("again", "{{.State.Status}}") == "running")
        try session.martlet("stop", "-t", "0", "again")
        #expect(
          try Poll.until { try session.martlet("ps", "-aq").output == "" })
      }
    }

    @Test func makingAndRemovingAVolumeAreEvents() throws {
      try Session.run { session in
        try session.martlet("volume", "create", "kept")
        try session.martlet("volume", "rm", "kept")
        let lines = try session.martlet(
          "events", "--stream=false", "--filter", "volume=kept", "--format",
          "{{.Type}} {{.Status}} {{.Name}}"
        ).output
        #expect(lines == "volume create kept\nvolume remove kept")
      }
    }
  }
}
