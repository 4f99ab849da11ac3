import TestSupport
import Testing

extension SystemTests {
  /// What `run` starts: the command, its environment, directory, user and exit code.
  @Suite struct RunProcessTests {
    @Test(arguments: [
      RunFact("prints what the command prints", ["echo", "hello"], output: "hello"),
      RunFact(
        "keeps the words of the command apart", ["printf", "%s|", "a b", ""], output: "a b||"),
      RunFact(
        "takes the image's command when none is given", ["-i"], [], input: "echo from sh",
        output: "from sh"),
      RunFact("forwards the exit code", script: "exit 7", exit: 7),
      RunFact("forwards exit code 255", script: "exit 255", exit: 255),
      RunFact(
        "says 127 for a command that is not there", ["no-such-command"], exit: 127,
        complaint: "no-such-command"),
      RunFact(
        "says 127 for a path that is not there", ["/bin/no-such"], exit: 127,
        complaint: "/bin/no-such"),
      RunFact(
        "says 126 for a file that is not executable", ["/etc/passwd"], exit: 126,
        complaint: "/etc/passwd"),
      RunFact("says 126 for a directory", ["/etc"], exit: 126, complaint: "/etc"),
      RunFact(
        "says 128 and the signal for a killed child of an init", ["--init"],
        ["sh", "-c", "kill -9 $$"], exit: 137),
      RunFact(
        "runs the command below an init with --init", ["--init"], ["sh", "-c", "test $$ -ne 1"]),
      RunFact("is process 1 without an init", script: "echo $$", output: "1"),
      RunFact("has no standard input without -i", ["cat"], input: "unseen"),
      RunFact("passes standard input on with -i", ["-i"], ["cat"], input: "a\nb\n", output: "a\nb"),
      RunFact("reports a missing terminal truthfully", ["tty"], exit: 1, output: "not a tty"),
    ]) func runsCommands(fact: RunFact) throws { try fact.check() }

    @Test(arguments: [
      RunFact("-e sets a variable", ["-e", "A=1 2"], script: "echo $A", output: "1 2"),
      RunFact("-e takes an empty value", ["-e", "A="], script: "echo [${A-unset}]", output: "[]"),
      RunFact("-eA=1 in one word", ["-eA=1"], script: "echo $A", output: "1"),
      RunFact(
        "-e NAME copies the caller's", ["-e", "MARTLET_TEST_VARIABLE"],
        script: "echo $MARTLET_TEST_VARIABLE", output: "from the caller"),
      RunFact(
        "the caller's environment stays out", script: "echo ${MARTLET_TEST_VARIABLE-unset}",
        output: "unset"),
      RunFact("HOME is the user's", script: "echo $HOME", output: "/root"),
      RunFact(
        "the image's PATH is kept", script: "echo $PATH",
        output: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
      RunFact("-w sets the directory", ["-w", "/usr/bin"], ["pwd"], output: "/usr/bin"),
      RunFact("the directory is / by default", ["pwd"], output: "/"),
      RunFact(
        "--entrypoint replaces the command", ["--entrypoint", "echo"], ["a", "b"], output: "a b"),
      RunFact(
        "--entrypoint takes JSON", ["--entrypoint", #"["echo","a b"]"#], ["c"], output: "a b c"),
      RunFact("-u by numbers", ["-u", "12:34"], script: "id -u; id -g", output: "12\n34"),
      RunFact(
        "-u by name takes the groups of /etc/group", ["-u", "demo"], script: "id -u; id -g; id -G",
        output: "1000\n1000\n1000 50"),
      RunFact(
        "-u name:group", ["-u", "demo:staff"], script: "id -un; id -gn", output: "demo\nstaff"),
      RunFact(
        "--ulimit sets soft and hard", ["--ulimit", "nofile=100:200"],
        script: "ulimit -Sn; ulimit -Hn", output: "100\n200"),
    ]) func setsUpTheProcess(fact: RunFact) throws { try fact.check() }

    @Test func readsEnvironmentFiles() throws {
      try Session.run { session in
        let file = try session.write(
          "# comment\nA=1\nB=two words\nMARTLET_FROM_CALLER\n", to: "env")
        let result = try session.martlet(
          "run", "--rm", "--network", "none", "--env-file", file, "-e", "A=2", Session.image,
          "sh", "-c", "echo $A; echo $B; echo $MARTLET_FROM_CALLER",
          environment: ["MARTLET_FROM_CALLER": "yes"])
        #expect(result.output == "2\ntwo words\nyes")
      }
    }

    @Test func keepsStandardErrorApart() throws {
      try Session.run { session in
        let result = try session.martlet(
          "run", "--rm", "--network", "none", Session.image, "sh", "-c", "echo out; echo err >&2")
        #expect(result.standardOutput == "out\n")
        #expect(result.standardError == "err\n")
      }
    }

    @Test(.enabled(if: Machine.has("script"), "script(1) is missing"))
    func givesTheCommandATerminal() throws {
      try Session.run { session in
        let result = try session.martletOnTerminal(
          "run", "--rm", "--network", "none", "-t", Session.image, "sh", "-c",
          "tty; test -t 0 -a -t 1 -a -t 2; exit $(( $? + 3 ))")
        #expect(result.exitCode == 3, "\(result.transcript)")
        #expect(result.standardOutput.contains("/dev/pts/0\r\n"), "\(result.transcript)")
      }
    }

    /// From its first instruction: a command that asks at once must not find a terminal of no size.
    @Test(
      .enabled(
        if: Machine.has("script") && Machine.runtime == nil,
        "needs script(1), and martlet-oci: crun 1.8 sets the size of exec's terminal too late"))
    func givesTheTerminalItsSizeFirst() throws {
      try Session.run { session in
        let name = "sized"
        try session.martlet(
          "run", "-d", "--name", name, "--network", "none", Session.image, "sleep", "1000")
        defer { _ = try? session.martlet("rm", "-f", "-t", "0", name) }
        for _ in 0..<10 {
          let exec = try session.martletOnTerminal("exec", "-it", name, "stty", "size")
          // Around it there may be the echo of what script(1) sends at the end of its own input.
          #expect(exec.standardOutput.contains("33 77\r\n"), "\(exec.transcript)")
        }
        let run = try session.martletOnTerminal(
          "run", "--rm", "--network", "none", "-it", Session.image, "stty", "size")
        #expect(run.standardOutput.contains("33 77\r\n"), "\(run.transcript)")
      }
    }

    @Test func leavesTheShellsOwnProcessesOutOfSight() throws {
      try RunFact("sees only itself", script: "set -- /proc/[0-9]*; echo $#", output: "1").check()
    }
  }
}
