import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// Looking into a container: exec, logs and attach.
  @Suite struct ExecLogsTests {
    @Test func executesInARunningContainer() throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "host", "-e", "A=container", "--hostname", "inner")
        let cases: [([String], Int32, String)] = [
          (["host", "hostname"], 0, "inner"),
          (["host", "sh", "-c", "exit 9"], 9, ""),
          (["host", "sh", "-c", "echo $A"], 0, "container"),
          (["-e", "A=exec", "host", "sh", "-c", "echo $A"], 0, "exec"),
          (["-w", "/usr", "host", "pwd"], 0, "/usr"),
          (["-u", "demo", "host", "id", "-un"], 0, "demo"),
          (["host", "sh", "-c", "kill -9 $$"], 137, ""),
          (["host", "cat", "/proc/1/comm"], 0, "sleep"),
          (["host", "grep", "-c", "Seccomp:.2", "/proc/self/status"], 0, "1"),
          (["-t", "host", "sh", "-c", "test -t 0 && test -t 1 && test -t 2"], 0, ""),
          (["-t", "host", "sh", "-c", "exit 7"], 7, ""),
        ]
        for (arguments, code, output) in cases {
          let result = try session.martlet(["exec"] + arguments, exit: code)
          #expect(result.output == output, "\(arguments)")
        }
        #expect(try session.martlet("exec", "-i", "host", "cat", input: "in\n").output == "in")
        try session.martlet("exec", "host", "no-such-command", exit: 127)
        try session.martlet("exec", "host", "/etc/passwd", exit: 126)
      }
    }

    /// The groups of `--group-add` are the container's, whoever runs in it.
    @Test(arguments: [
      ([], "1000 7 9"), (["-u", "1001:1002"], "1002 7 9"), (["-u", "0"], "0 7 9"),
    ])
    func hasTheContainersGroups(_ user: [String], _ groups: String) throws {
      try Session.run { session in
        _ = try session.startSleeper(
          name: "host", "--user", "1000:1000", "--group-add", "7", "--group-add", "9")
        let result = try session.martlet(["exec"] + user + ["host", "id", "-G"])
        #expect(result.output == groups)
      }
    }

    @Test func refusesAStoppedContainer() throws {
      try Session.run { session in
        try session.martlet("create", "--name", "still", Session.image, "true")
        let error = #expect(throws: UnexpectedExit.self) {
          try session.martlet("exec", "still", "true")
        }
        #expect((125...255).contains(error?.result.exitCode ?? 0))
        #expect(error?.result.standardError.contains("state") == true)
      }
    }

    @Test func keepsTheLog() throws {
      try Session.run { session in
        try session.martlet(
          "run", "--name", "talker", "--network", "none", Session.image, "sh", "-c",
          "for i in 1 2 3; do echo line $i; done; printf unfinished; echo err >&2")
        let log = try session.martlet("logs", "talker")
        #expect(log.standardOutput.hasPrefix("line 1\nline 2\nline 3\nunfinished"))
        #expect(log.standardError == "err\n")
        let stamped = try session.martlet("logs", "-t", "talker").lines
        #expect(stamped[0].wholeMatch(of: /\d{4}-\d\d-\d\dT\S+ line 1/) != nil, "\(stamped)")
      }
    }

    @Test(arguments: [("0", []), ("1", ["3"]), ("2", ["2", "3"]), ("9", ["1", "2", "3"])])
    func showsTheTail(count: String, expected: [String]) throws {
      try Session.run { session in
        try session.martlet(
          "run", "--name", "tail", "--network", "none", Session.image, "sh", "-c",
          "echo 1; echo 2; echo 3")
        #expect(try session.martlet("logs", "--tail", count, "tail").lines == expected)
      }
    }

    @Test func followsTheLogToTheEnd() throws {
      try Session.run { session in
        try session.martlet(
          "run", "-d", "--name", "follow", "--network", "none", "-v",
          "\(session.directory):/data", Session.image, "sh", "-c",
          "echo first; until test -e /data/go; do sleep 0.02; done; echo last")
        let follower = try session.start("logs", "-f", "follow")
        #expect(Poll.until { follower.outputSoFar == "first\n" })
        _ = try session.write("", to: "go")
        let result = try follower.wait()
        #expect(result.standardOutput == "first\nlast\n")
        #expect(result.exitCode == 0)
      }
    }

    @Test func attachesToARunningContainer() throws {
      try Session.run { session in
        try session.martlet(
          "run", "-d", "-i", "--name", "listener", "--network", "none", Session.image, "sh", "-c",
          "read word; echo heard $word; exit 6")
        let result = try session.martlet("attach", "listener", exit: 6, input: "this\n")
        #expect(result.output == "heard this")
        #expect(try session.martlet("logs", "listener").output == "heard this")
      }
    }

    @Test func waitsForSeveral() throws {
      try Session.run { session in
        for code in ["0", "11"] {
          try session.martlet(
            "run", "-d", "--name", "w\(code)", "--network", "none", Session.image, "sh", "-c",
            "exit \(code)")
        }
        #expect(try session.martlet("wait", "w0", "w11").lines == ["0", "11"])
      }
    }
  }
}
