import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// create, start, stop, kill, rm, wait, ps and inspect of one container's life.
  @Suite struct LifecycleTests {
    @Test func livesFromCreateToRemove() throws {
      try Session.run { session in
        let id = try session.martlet(
          "create", "--name", "life", "--network", "none", Session.image, "sh", "-c", "exit 3"
        ).output
        #expect(id.count == 64 && id.allSatisfy(\.isHexDigit))
        #expect(try session.inspect("life", "{{.State.Status}}") == "created")
        #expect(try session.martlet("start", "life").output == "life")
        #expect(try session.martlet("wait", "life").output == "3")
        #expect(try session.inspect("life", "{{.State.Status}} {{.State.ExitCode}}") == "exited 3")
        #expect(try session.martlet("rm", String(id.prefix(12))).output == String(id.prefix(12)))
        #expect(try session.martlet("ps", "-a", "-q").output == "")
      }
    }

    @Test(.enabled(if: Machine.current?.isPeer == false, "a peer keeps its files elsewhere"))
    func leavesNoFilesOfAContainerThatIsRemovedAtItsEnd() throws {
      try Session.run { session in
        try session.martlet("run", "--rm", "--network", "none", Session.image, "touch", "/file")
        let trash = session.home.data + "/martlet/trash"
        #expect(
          Poll.until {
            (try? FileManager.default.contentsOfDirectory(atPath: trash))?.isEmpty ?? true
          })
      }
    }

    @Test func runsDetached() throws {
      try Session.run { session in
        let file = session.directory + "/cid"
        let id = try session.startSleeper(name: "detached", "--cidfile", file, "--label", "a=b c")
        #expect(id.count == 64 && id.allSatisfy(\.isHexDigit))
        #expect(try String(contentsOfFile: file, encoding: .utf8) == id)
        #expect(try session.inspect(id, "{{.Name}}") == "detached")
        #expect(try session.inspect(id, #"{{index .Config.Labels "a"}}"#) == "b c")
        #expect(try session.inspect(id, "{{.State.Running}}") == "true")
        #expect(try session.martlet("ps", "-q", "--no-trunc").output == id)
        #expect(try session.martlet("kill", "detached").output == "detached")
        #expect(try session.martlet("wait", "detached").output == "137")
      }
    }

    @Test func startsAttached() throws {
      try Session.run { session in
        try session.martlet(
          "create", "--name", "again", "--network", "none", Session.image, "sh", "-c",
          "echo run; exit 4")
        for _ in 1...2 {
          #expect(try session.martlet("start", "-a", "again", exit: 4).output == "run")
        }
      }
    }

    @Test(arguments: [
      ("a short name", ["--stop-signal", "HUP"], "HUP"),
      ("a full name", ["--stop-signal=SIGINT"], "INT"),
      ("a number", ["--stop-signal", "3"], "QUIT"),
      ("the default", [], "TERM"),
    ])
    func stopsWithItsSignal(name: String, flags: [String], signal: String) throws {
      try Session.run { session in
        let script =
          "trap 'echo got \(signal); exit 5' \(signal); echo ready; while :; do sleep 0.05; done"
        try session.martlet(
          ["run", "-d", "--name", "stopped", "--network", "none"] + flags
            + [Session.image, "sh", "-c", script])
        #expect(try Poll.until { try session.martlet("logs", "stopped").output == "ready" })
        #expect(try session.martlet("stop", "stopped").output == "stopped")
        #expect(try session.martlet("logs", "stopped").output == "ready\ngot \(signal)")
        #expect(try session.inspect("stopped", "{{.State.ExitCode}}") == "5")
      }
    }

    @Test func killsWhatDoesNotStop() throws {
      try Session.run { session in
        try session.martlet(
          "run", "-d", "--name", "stubborn", "--network", "none", Session.image, "sh", "-c",
          "trap '' TERM; echo ready; while :; do sleep 0.05; done")
        #expect(try Poll.until { try session.martlet("logs", "stubborn").output == "ready" })
        try session.martlet("stop", "-t", "0", "stubborn")
        #expect(try session.inspect("stubborn", "{{.State.ExitCode}}") == "137")
      }
    }

    @Test func sendsSignals() throws {
      try Session.run { session in
        try session.martlet(
          "run", "-d", "--name", "signalled", "--network", "none", Session.image, "sh", "-c",
          "trap 'exit 9' HUP; echo ready; while :; do sleep 0.05; done")
        #expect(try Poll.until { try session.martlet("logs", "signalled").output == "ready" })
        try session.martlet("kill", "-s", "HUP", "signalled")
        #expect(try session.martlet("wait", "signalled").output == "9")
        try session.martlet("kill", "signalled", exit: 125)
      }
    }

    @Test func removesByItsRules() throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "busy")
        try session.martlet("rm", "busy", exit: 2)
        try session.martlet("rm", "absent", exit: 1)
        try session.martlet("rm", "-i", "absent")
        #expect(try session.martlet("rm", "-f", "-t", "0", "busy").output == "busy")
        #expect(try session.martlet("ps", "-a", "-q").output == "")
      }
    }

    @Test func listsWithTemplates() throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "one", "--label", "k=1")
        try session.martlet("create", "--name", "two", "--label", "k=2", Session.image, "true")
        let all = ["ps", "-a", "--format"]
        let rows = try session.martlet(all + ["{{.Names}} {{.Image}} {{.Status}}"]).lines.sorted()
        #expect(
          rows.map { $0.split(separator: " ").prefix(3).joined(separator: " ") } == [
            "one \(Session.image) Up", "two \(Session.image) Created",
          ])
        #expect(
          try session.martlet("ps", "--format", "{{.Names}} {{.Command}}").output == "one sleep 300"
        )
        for (filter, name) in [
          ("name=two", "two"), ("label=k=1", "one"), ("status=created", "two"),
        ] {
          #expect(try session.martlet(all + ["{{.Names}}", "--filter", filter]).output == name)
        }
        let json = try session.martlet("ps", "-a", "--format", "json").standardOutput
        let decoded = try JSONDecoder().decode([Row].self, from: Data(json.utf8))
        #expect(Set(decoded.flatMap(\.Names)) == ["one", "two"])
      }
    }

    @Test func headsTheTable() throws {
      try Session.run { session in
        let words = try session.martlet("ps").lines[0].split(separator: " ")
        #expect(
          words == ["CONTAINER", "ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"])
      }
    }

    @Test func findsByUniquePrefix() throws {
      try Session.run { session in
        let id = try session.startSleeper(name: "prefix")
        #expect(try session.inspect(String(id.prefix(6)), "{{.Id}}") == id)
      }
    }

    /// Keys as scripts spell them, not as this project would.
    private struct Row: Decodable { let Names: [String] }
  }
}
