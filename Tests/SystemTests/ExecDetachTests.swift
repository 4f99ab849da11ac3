import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// `exec -it` whose user leaves.
  @Suite struct ExecDetachTests {
    /// Waits for /go, writes more than a terminal holds, and tells that it came so far.
    private static let script =
      "touch /began; until test -e /go; do sleep 0.05; done; seq 1 100000; touch /done; exit 4"

    private func wait(for file: String, _ session: Session) -> Bool {
      Poll.until { (try? session.martlet("exec", "busy", "test", "-e", file)) != nil }
    }

    @Test(arguments: [
      ([], "\u{10}\u{11}"), (["--detach-keys", "ctrl-a,b"], "x\u{1}b"),
      (["--detach-keys=z"], "z"),
    ])
    func detachKeysLeaveTheProcessRunning(flags: [String], typed: String) throws {
      try Session.run { session in
        let id = try session.startSleeper(name: "busy")
        try session.martlet(
          ["exec", "-it"] + flags + ["busy", "sh", "-c", Self.script], input: typed)
        #expect(wait(for: "/began", session))
        #expect(try session.inspect("busy", "{{len .ExecIDs}}") == "1")
        try session.martlet("exec", "busy", "touch", "/go")
        #expect(wait(for: "/done", session))
        #expect(
          try Poll.until {
            try session.martlet(
              "events", "--stream=false", "--filter", "container=\(id)", "--filter",
              "event=exec_died", "--format", "{{.ContainerExitCode}}"
            ).lines.contains("4")
          })
        #expect(try session.inspect("busy", "{{len .ExecIDs}}") == "0")
      }
    }

    @Test func aTerminalsUserLeavesToo() throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "busy")
        let result = try session.shell(
          "{ until $MARTLET exec busy test -e /began; do sleep 0.05; done; printf '\\020\\021'; }"
            + " | script -qec \"$MARTLET exec -it busy sh -c 'touch /began; sleep 300'; "
            + "echo left \\$?\" /dev/null")
        #expect(result.standardOutput.contains("left 0"), "\(result.transcript)")
        #expect(try session.inspect("busy", "{{len .ExecIDs}}") == "1")
      }
    }

    @Test func withoutKeysAllInputIsTheProcesss() throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "busy")
        // The terminal itself swallows ctrl-q, which lets output go on.
        let result = try session.martlet(
          "exec", "-it", "--detach-keys", "", "busy", "sh", "-c", "read word; echo got $word",
          input: "\u{10}\u{11}all\n")
        #expect(result.output.contains("got \u{10}all"), "\(result.transcript)")
        try session.martlet("exec", "-it", "--detach-keys", "no such", "busy", "true", exit: 125)
      }
    }

    @Test func theExitCodeAndTheErrorAreThoseOfBefore() throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "busy")
        try session.martlet("exec", "-it", "busy", "sh", "-c", "exit 9", exit: 9)
        let missing = try session.martlet("exec", "-it", "busy", "/no/such", exit: 127)
        #expect(missing.standardError.contains("/no/such"))
        let long = try session.martlet("exec", "-it", "busy", "seq", "1", "50000")
        #expect(long.standardOutput.utf8.count { $0 == 10 } == 50_000)
        #expect(try session.inspect("busy", "{{len .ExecIDs}}") == "0")
      }
    }

    @Test func aKilledClientLeavesTheProcessRunning() throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "busy")
        let client = try session.start("exec", "-it", "busy", "sh", "-c", Self.script)
        #expect(wait(for: "/began", session))
        client.send(9)
        _ = try client.wait()
        try session.martlet("exec", "busy", "touch", "/go")
        #expect(wait(for: "/done", session))
      }
    }
  }
}
