import FoundationEssentials
import Glibc
import TestSupport
import Testing

extension SystemTests {
  /// Clients that come, go and misbehave: F27, F28 and F34.
  @Suite struct AttachTests {
    /// A container that counts in /data/count as long as it runs.
    private func startCounter(_ session: Session, _ flags: String...) throws {
      try session.martlet(
        ["run", "-d", "--name", "counter", "--network", "none", "-v", "\(session.directory):/data"]
          + flags + [
            Session.image, "sh", "-c",
            "i=0; while true; do i=$((i+1)); echo line $i; echo $i > /data/count.new; "
              + "mv /data/count.new /data/count; sleep 0.01; done",
          ])
    }

    private func count(_ session: Session) -> Int {
      let text = try? String(contentsOfFile: "\(session.directory)/count", encoding: .utf8)
      return Int((text ?? "").filter(\.isNumber)) ?? 0
    }

    private func goesOn(_ session: Session) -> Bool {
      let before = count(session)
      return Poll.until { count(session) > before + 5 }
    }

    @Test func clientsThatStopOrDieDoNotConcernTheContainer() throws {
      try Session.run { session in
        try startCounter(session)
        let clients = try [
          session.start("logs", "-f", "counter"), session.start("attach", "--no-stdin", "counter"),
          session.start("attach", "--no-stdin", "counter"),
        ]
        for client in clients { #expect(Poll.until { client.outputSoFar.contains("line") }) }
        for client in clients { client.send(SIGSTOP) }
        #expect(goesOn(session))
        for client in clients { client.send(SIGKILL) }
        for client in clients { _ = try client.wait() }
        #expect(goesOn(session))
        #expect(try session.martlet("stop", "-t", "0", "counter").output == "counter")
      }
    }

    @Test func aClosedOutputEndsTheClientAlone() throws {
      try Session.run { session in
        let program = session.program.path
        for (index, command) in ["run --name piped --network none", "logs -f", "attach"]
          .enumerated()
        {
          if index == 1 { try startCounter(session) }
          let words =
            index == 0
            ? "\(command) \(Session.image) sh -c 'while echo y; do sleep 0.01; done'"
            : "\(command) counter < /dev/null"
          let result = try session.tool("sh", "-c", "\(program) \(words) | head -n 1")
          #expect(result.standardOutput.split(separator: "\n").count == 1, "\(result.transcript)")
          #expect(result.standardError == "", "\(result.transcript)")
        }
        #expect(
          try session.martlet("ps", "--format", "{{.Names}}").lines.sorted() == [
            "counter", "piped",
          ])
        #expect(goesOn(session))
      }
    }

    @Test func refusesDetachKeysThatAreNone() throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "kept")
        try session.martlet("attach", "--detach-keys", "no such", "kept", exit: 125)
      }
    }

    @Test func severalClientsSeeTheSame() throws {
      try Session.run { session in
        try session.martlet(
          "run", "-d", "-i", "--name", "shared", "--network", "none", Session.image, "sh", "-c",
          "read word; echo got $word; exit 3")
        let watchers = try (0..<3).map { _ in try session.start("attach", "--no-stdin", "shared") }
        // A watcher is attached when its monitor has answered; `top` shows nothing of it.
        let ids = watchers.map(\.processID)
        #expect(
          Poll.until {
            ids.allSatisfy { pid in
              (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd"))?.count ?? 0
                >= 6
            }
          })
        try session.martlet("attach", "shared", exit: 3, input: "hello\n")
        for watcher in watchers {
          let result = try watcher.wait()
          #expect(result.exitCode == 3)
          #expect(result.standardOutput == "got hello\n")
        }
      }
    }

    /// F34.
    @Test func signalsReachTheContainer() throws {
      try Session.run { session in
        let run = try session.start(
          "run", "--rm", "--network", "none", Session.image, "sh", "-c",
          "trap 'echo caught; exit 7' TERM; echo ready; while true; do sleep 0.05; done")
        #expect(Poll.until { run.outputSoFar == "ready\n" })
        run.send(SIGTERM)
        let result = try run.wait()
        #expect(result.exitCode == 7)
        #expect(result.standardOutput == "ready\ncaught\n")
        let deaf = try session.start(
          "run", "--name", "deaf", "--sig-proxy=false", "--network", "none", Session.image, "sh",
          "-c", "echo ready; sleep 300")
        #expect(Poll.until { deaf.outputSoFar == "ready\n" })
        deaf.send(SIGTERM)
        #expect(try deaf.wait().exitCode == 128 + SIGTERM)
        #expect(try session.inspect("deaf", "{{.State.Status}}") == "running")
      }
    }

    /// F27: the log's disk is always full.
    @Test(arguments: ["k8s-file", "json-file"])
    func aFullDiskDoesNotBlockTheContainer(driver: String) throws {
      try Session.run { session in
        try session.martlet(
          "run", "-d", "--name", "flood", "--network", "none", "--log-driver", driver, "--log-opt",
          "path=/dev/full", Session.image, "sh", "-c", "yes | head -c 1000000; exit 5")
        #expect(try session.martlet("wait", "flood").output == "5")
      }
    }

    @Test func aTimeoutKills() throws {
      try Session.run { session in
        try session.martlet(
          "run", "--rm", "--network", "none", "--timeout", "1", "--restart", "no", Session.image,
          "sleep", "300", exit: 255)
        try session.martlet("create", "--timeout", "-1", Session.image, "true", exit: 125)
      }
    }

    /// F07: a monitor that stands still does not hold up those who only look.
    @Test func readersDoNotWaitForAMonitorThatIsStopped() throws {
      try Session.run { session in
        _ = try session.startSleeper(
          name: "frozen", "--health-cmd", "true", "--health-interval", "disable")
        let monitor = try #require(Int32(try session.inspect("frozen", "{{.State.ConmonPid}}")))
        try #require(monitor > 1)
        kill(monitor, SIGSTOP)
        defer { kill(monitor, SIGCONT) }
        #expect(try session.martlet("ps", "--format", "{{.Names}}").output == "frozen")
        #expect(try session.inspect("frozen", "{{.State.Running}}") == "true")
        #expect(try session.martlet("logs", "frozen").output == "")
        #expect(try session.martlet("exec", "frozen", "echo", "alive").output == "alive")
        #expect(try session.martlet("top", "frozen").output.contains("sleep"))
      }
    }
  }
}
