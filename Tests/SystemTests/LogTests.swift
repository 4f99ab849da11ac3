import TestSupport
import Testing

extension SystemTests {
  /// `logs` over rotated files, several containers and the log drivers.
  @Suite struct LogTests {
    @Test(arguments: ["k8s-file", "json-file"])
    func followsOverRotatedFilesWithoutALoss(driver: String) throws {
      try Session.run { session in
        // The writer waits for the reader now and then, so that three files are always enough.
        try session.martlet(
          "run", "-d", "--name", "rotated", "--network", "none", "--log-driver", driver,
          "--log-opt", "max-size=4k", "--log-opt", "max-file=3", "-v",
          "\(session.directory):/data", Session.image, "sh", "-c",
          """
          for burst in 1 2 3 4 5 6 7 8; do
            for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
              echo line $burst $i; done
            until test -e /data/go$burst; do sleep 0.02; done
          done
          """)
        let follower = try session.start("logs", "-f", "rotated")
        for burst in 1...8 {
          #expect(Poll.until { follower.outputSoFar.contains("line \(burst) 20\n") })
          _ = try session.write("", to: "go\(burst)")
        }
        let expected = (1...8).flatMap { burst in (1...20).map { "line \(burst) \($0)" } }
        #expect(try follower.wait().lines == expected)
        let kept = try session.martlet("logs", "rotated").lines
        #expect(kept == Array(expected.suffix(kept.count)))
        #expect(kept.count >= 40)
        #expect(try session.martlet("logs", "--tail", "50", "rotated").lines == kept.suffix(50))
      }
    }

    @Test func showsSeveralContainersInOrder() throws {
      try Session.run { session in
        for (name, text) in [
          ("first", "echo a; sleep 0.2; echo c"), ("second", "sleep 0.1; echo b"),
        ] {
          try session.martlet(
            "run", "-d", "--name", name, "--network", "none", Session.image, "sh", "-c", text)
        }
        let followed = try session.martlet("logs", "-f", "--names", "first", "second").lines
        #expect(followed.sorted() == ["first a", "first c", "second b"])
        let ids = try ["first", "second"].map {
          String(try session.inspect($0, "{{.Id}}").prefix(12))
        }
        let lines = try session.martlet("logs", "first", "second").lines
        #expect(lines.sorted() == ["\(ids[0]) a", "\(ids[0]) c", "\(ids[1]) b"].sorted())
        let colored = try session.martlet("logs", "--color", "-n", "first", "second").lines
        #expect(colored.contains("\u{1B}[1;31mfirst\u{1B}[0m a"))
        #expect(colored.contains("\u{1B}[1;32msecond\u{1B}[0m b"))
      }
    }

    @Test func showsTimesOnlyOfWantedLines() throws {
      try Session.run { session in
        try session.martlet(
          "run", "--name", "timed", "--network", "none", Session.image, "sh", "-c",
          "echo old; sleep 1.2; echo new")
        let stamp = try session.martlet("logs", "-t", "--tail", "1", "timed").output.prefix(19)
        #expect(try session.martlet("logs", "--since", "\(stamp)Z", "timed").lines == ["new"])
        #expect(try session.martlet("logs", "--until", "\(stamp)Z", "timed").lines == ["old"])
        #expect(try session.martlet("logs", "--since", "1h", "timed").lines == ["old", "new"])
        #expect(try session.martlet("logs", "--until", "1h", "timed").lines == [])
        #expect(try session.martlet("logs", "--since", "-1s", "-f", "timed").lines == [])
      }
    }

    @Test func stopsFollowingAtTheTimeAsked() throws {
      try Session.run { session in
        try session.martlet(
          "run", "-d", "--name", "endless", "--network", "none", Session.image, "sh", "-c",
          "echo first; sleep 300")
        let lines = try session.martlet("logs", "-f", "--until", "1s", "endless").lines
        #expect(lines == ["first"])
      }
    }

    @Test func passesTheCallersStreamsThrough() throws {
      try Session.run { session in
        let run = ["run", "--rm", "--network", "none", "--log-driver", "passthrough"]
        let result = try session.martlet(
          run + [Session.image, "sh", "-c", "echo out; echo err >&2"])
        #expect(result.standardOutput == "out\n")
        #expect(result.standardError == "err\n")
        try session.martlet(
          "run", "--name", "silent", "--network", "none", "--log-driver", "none", Session.image,
          "echo", "x")
        let error = #expect(throws: UnexpectedExit.self) { try session.martlet("logs", "silent") }
        #expect(error?.result.standardError.contains("'none' log driver") == true)
      }
    }

    @Test func onlyPassthroughTtyTakesATerminal() throws {
      try Session.run { session in
        let refused = try session.martletOnTerminal(
          "run", "--rm", "--network", "none", "--log-driver", "passthrough", Session.image, "true")
        #expect(refused.output.contains("passthrough-tty"))
        let taken = try session.martletOnTerminal(
          "run", "--rm", "--network", "none", "--log-driver", "passthrough-tty", Session.image,
          "sh", "-c", "test -t 1 && echo terminal")
        #expect(taken.output.contains("terminal"))
      }
    }

    @Test func refusesUnknownOptions() throws {
      try Session.run { session in
        for option in ["compress=true", "max-size=0", "max-file=no", "mode=blocking"] {
          try session.martlet(
            "create", "--log-opt", option, Session.image, "true", exit: 125)
        }
        try session.martlet(
          "create", "--name", "described", "--log-driver", "json-file", "--log-opt",
          "tag={{.Name}}",
          "--log-opt", "max-size=1m", Session.image, "true")
        #expect(
          try session.inspect(
            "described", "{{.HostConfig.LogConfig.Type}} {{.HostConfig.LogConfig.Tag}}")
            == "json-file {{.Name}}")
      }
    }
  }
}
