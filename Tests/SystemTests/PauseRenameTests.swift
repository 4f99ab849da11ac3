import TestSupport
import Testing

extension SystemTests {
  /// pause, rename, init, top, port, prune and how commands choose containers.
  @Suite(.enabled(if: Machine.current?.isPeer == false, "a peer words this differently"))
  struct PauseRenameTests {
    @Test func pausesAndResumes() throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "frozen")
        let paused = try session.start("pause", "frozen").wait()
        guard paused.exitCode == 0 else {
          // Without a control group there is nothing to freeze, and that is said.
          #expect(paused.standardError.contains("cgroup"))
          return
        }
        #expect(paused.output == "frozen")
        #expect(
          try session.inspect("frozen", "{{.State.Status}} {{.State.Paused}}") == "paused true")
        #expect(try session.martlet("ps", "-q", "--filter", "status=paused").output != "")
        try session.martlet("exec", "frozen", "true", exit: 125)
        try session.martlet("pause", "frozen", exit: 125)
        #expect(try session.martlet("unpause", "--all").output.count == 64)
        #expect(try session.inspect("frozen", "{{.State.Status}}") == "running")
        try session.martlet("unpause", "frozen", exit: 125)
        try session.martlet("pause", "frozen")
        #expect(try session.martlet("rm", "frozen", exit: 2).output == "")
        #expect(try session.martlet("stop", "-t", "0", "frozen").output == "frozen")
        #expect(try session.inspect("frozen", "{{.State.Status}}") == "exited")
      }
    }

    @Test func renames() throws {
      try Session.run { session in
        let id = try session.startSleeper(name: "old")
        try session.martlet("create", "--name", "taken", Session.image, "true")
        try session.martlet("rename", "old", "taken", exit: 125)
        try session.martlet("rename", "old", "not/valid", exit: 125)
        try session.martlet("rename", "old", "new")
        #expect(try session.inspect("new", "{{.Id}} {{.Name}}") == "\(id) new")
        try session.martlet("container", "exists", "old", exit: 1)
        // The old name is free at once.
        try session.martlet("create", "--name", "old", Session.image, "true")
        try session.martlet("rm", "-f", "-t", "0", "new")
        try session.martlet("create", "--name", "new", Session.image, "true")
      }
    }

    @Test func givesANameToOneOfManyRenames() throws {
      try Session.run { session in
        let names = (0..<8).map { "many\($0)" }
        for name in names { try session.martlet("create", "--name", name, Session.image, "true") }
        let running = try names.map { try session.start("rename", $0, "wanted") }
        let codes = try running.map { try $0.wait().exitCode }
        #expect(codes.count { $0 == 0 } == 1)
        #expect(codes.count { $0 == 125 } == 7)
        #expect(try session.martlet("ps", "-aq", "--filter", "name=^wanted$").output.count == 12)
      }
    }

    @Test func initializesAndStartsLater() throws {
      try Session.run { session in
        try session.martlet(
          "create", "--name", "later", "--network", "none", Session.image, "echo", "now")
        #expect(try session.martlet("init", "later").output == "later")
        #expect(try session.inspect("later", "{{.State.Status}}") == "initialized")
        try session.martlet("init", "later", exit: 125)
        #expect(try session.martlet("start", "-a", "later").output == "now")
        try session.martlet("container", "init", "later")
        #expect(try session.martlet("rm", "later").output == "later")
      }
    }

    @Test func showsProcesses() throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "busy")
        let usual = try session.martlet("top", "busy").lines
        #expect(usual.count == 2)
        #expect(
          usual[0].split(separator: " ") == [
            "USER", "PID", "PPID", "%CPU", "ELAPSED", "TTY", "TIME", "COMMAND",
          ])
        #expect(usual[1].hasPrefix("root  1    0"))
        let chosen = try session.martlet("top", "busy", "pid,args", "seccomp").lines
        #expect(chosen.last?.split(separator: " ") == ["1", "sleep", "300", "filter"])
        try session.martlet("stop", "-t", "0", "busy")
        try session.martlet("top", "busy", exit: 125)
      }
    }

    @Test func removesContainersThatNeedAnotherOnlyWhenAsked() throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "base")
        let second = try session.martlet(
          "run", "-d", "--name", "guest", "--network", "container:base", Session.image, "sleep",
          "300"
        ).output
        #expect(try session.martlet("rm", "-f", "-t", "0", "base", exit: 125).output == "")
        #expect(
          try session.martlet("rm", "-f", "-t", "0", "--depend", "base").lines == [second, "base"])
      }
    }

    @Test func startsWhatAContainerNeedsFirst() throws {
      try Session.run { session in
        try session.martlet(
          "create", "--name", "base", "--network", "none", Session.image, "sleep", "300")
        try session.martlet(
          "run", "-d", "--name", "guest", "--network", "container:base", Session.image, "sleep",
          "300")
        #expect(try session.inspect("base", "{{.State.Status}}") == "running")
      }
    }

    @Test func goesOnAfterAnError() throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "one")
        _ = try session.startSleeper(name: "two")
        #expect(
          try session.martlet("stop", "-t", "0", "one", "nosuch", "two", exit: 125).lines
            == ["one", "two"])
        #expect(try session.martlet("stop", "--ignore", "nosuch").output == "")
        #expect(try session.martlet("rm", "one", "nosuch", "two", exit: 1).lines == ["one", "two"])
        #expect(try session.martlet("rm", "-f", "nosuch").output == "")
      }
    }

    @Test func choosesByFilterLatestAndFile() throws {
      try Session.run { session in
        let file = session.directory + "/cid"
        let one = try session.martlet(
          "create", "--name", "f1", "--network", "none", "--label", "kind=a", "--cidfile", file,
          Session.image, "sleep", "300"
        ).output
        let two = try session.martlet(
          "create", "--name", "f2", "--network", "none", "--label", "kind=b", Session.image,
          "sleep", "300"
        ).output
        #expect(try session.martlet("start", "--filter", "label=kind=a").output == one)
        #expect(try session.martlet("start", "--latest").output == two)
        #expect(
          try session.martlet("restart", "-t", "0", "--running", "--filter", "name=^f2$").output
            == two)
        #expect(try session.martlet("stop", "-t", "0", "--cidfile", file).output == one)
        #expect(try session.martlet("kill", "--all").output == two)
        try session.martlet("kill", "f1", exit: 125)
        for words in [["--all", "f1"], ["--latest", "f1"], ["--all", "--latest"], []] {
          try session.martlet(["stop"] + words, exit: 125)
        }
        #expect(
          try session.martlet("container", "prune", "-f", "--filter", "label=kind=a").output == one)
        #expect(
          try session.martlet("container", "prune", "-f", "--filter", "label!=kind=a").output == two
        )
        try session.martlet("container", "prune", "-f", "--filter", "name=x", exit: 125)
      }
    }

    @Test func listsPorts() throws {
      try Session.run { session in
        let id = try session.martlet(
          "create", "--name", "served", "-p", "127.0.0.1:18099:80", Session.image, "true"
        ).output
        #expect(try session.martlet("port", "served").output == "80/tcp -> 127.0.0.1:18099")
        #expect(try session.martlet("port", "served", "80").output == "127.0.0.1:18099")
        #expect(
          try session.martlet("port", "--all").output
            == "\(id.prefix(12))\t80/tcp -> 127.0.0.1:18099")
        try session.martlet("port", "served", "81", exit: 125)
      }
    }
  }
}
