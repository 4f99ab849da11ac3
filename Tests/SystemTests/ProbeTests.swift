import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// The process of a health check: it is started without the runtime's call, and must not differ from
  /// that call's.
  @Suite(.enabled(if: Machine.runtime == nil, "our runtime's alone")) struct ProbeTests {
    /// What the kernel says of a process; numbers of its own life aside.
    private static let portrait = """
      grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp|Sig(Blk|Cgt)|ShdPnd|Umask|Cpus_allowed:)' \
      /proc/self/status
      for name in user mnt pid net ipc uts cgroup time; do readlink /proc/self/ns/$name; done
      cat /proc/self/cgroup /proc/self/limits /proc/self/oom_score_adj /proc/self/personality
      cat /proc/self/attr/current 2>/dev/null
      cut -d ' ' -f 7,8 /proc/$$/stat; test "$(cut -d ' ' -f 6 /proc/$$/stat)" = $$; echo $?
      ls /proc/$$/fd; pwd; env | sort; readlink /proc/$$/root; readlink /proc/$$/exe
      """

    @Test(arguments: [
      [], ["--user", "1000:1000"], ["--cap-add", "SYS_PTRACE"],
      ["--cap-drop", "all", "--security-opt", "no-new-privileges"],
      ["--security-opt", "seccomp=unconfined", "--ulimit", "nofile=77:88", "--umask", "0077"],
      ["--pid", "host", "--ipc", "host"], ["--userns", "auto"], ["--userns", "keep-id"],
      ["--env", "HOME=", "--workdir", "/tmp", "--cgroupns", "host"], ["--read-only"],
      ["--user", "1000:1000", "--group-add", "7", "--group-add", "9"],
    ])
    func isWhatExecIs(_ flags: [String]) throws {
      try Session.run { session in
        _ = try session.martlet(
          ["run", "-d", "--name", "probed", "--health-cmd", Self.portrait, "--health-interval"]
            + ["disable", "--health-max-log-size", "0"] + flags
            + [Session.image, "sleep", "300"])
        let expected = try session.martlet("exec", "probed", "sh", "-c", Self.portrait).output
        #expect(expected.contains("Seccomp"))
        for number in 0..<2 {
          try session.martlet("healthcheck", "run", "probed")
          let log = "{{(index .State.Health.Log \(number)).Output}}"
          let found = try session.inspect("probed", log)
          let difference = found.split(separator: "\n").difference(
            from: expected.split(separator: "\n"))
          #expect(difference.isEmpty, "\(difference)")
        }
      }
    }

    /// What a probe opens and starts before it is the command.
    @Test(
      .enabled(
        if: Machine.has("strace") && Machine.current?.isPeer == false,
        "strace, or our runtime, is missing"))
    func takesTwoProcessesAndNoDocument() throws {
      try Session.run { session in
        _ = try session.startSleeper(
          name: "probed", "--health-cmd", "true", "--health-interval", "disable")
        try session.martlet("healthcheck", "run", "probed")
        let lines = try calls(ofProbeOf: "probed", session)
        func count(_ call: String) -> Int { lines.count { $0.contains(" \(call)(") } }
        #expect(count("execve") == 1, "\(lines)")
        #expect(count("vfork") + count("clone3") + count("clone") + count("fork") == 2, "\(lines)")
        #expect(!lines.contains { $0.contains(".json") }, "\(lines)")
        // /dev/null, the root, and the answer to `healthcheck run`.
        #expect(count("openat") == 3, "\(lines)")
      }
    }

    /// A probe that could not be started for want of processes is not the last that is prepared.
    @Test(
      .enabled(
        if: Machine.has("strace") && Machine.has("prlimit") && Machine.current?.isPeer == false,
        "strace, prlimit, or our runtime, is missing"))
    func isPreparedAgainAfterAFailure() throws {
      try Session.run { session in
        _ = try session.startSleeper(
          name: "probed", "--health-cmd", "true", "--health-interval", "disable")
        let prepared = try calls(ofProbeOf: "probed", session).count { $0.contains(" execve(") }
        try session.shell(
          """
          monitor=$("$MARTLET" inspect -f '{{.State.ConmonPid}}' probed)
          limit=$(prlimit --pid $monitor --nproc --output SOFT --noheadings)
          prlimit --pid $monitor --nproc=0:
          "$MARTLET" healthcheck run probed && exit 1
          prlimit --pid $monitor --nproc=$limit:
          """)
        #expect(try session.inspect("probed", "{{(index .State.Health.Log 1).ExitCode}}") == "125")
        let lines = try calls(ofProbeOf: "probed", session)
        #expect(prepared == 1 && lines.count { $0.contains(" execve(") } == 1, "\(lines)")
        #expect(!lines.contains { $0.contains(".json") }, "\(lines)")
        #expect(try session.inspect("probed", "{{.State.Health.Status}}") == "healthy")
      }
    }

    private func calls(ofProbeOf name: String, _ session: Session) throws -> [String] {
      let trace = session.directory + "/trace"
      try session.shell(
        """
        monitor=$("$MARTLET" inspect -f '{{.State.ConmonPid}}' \(name))
        strace -f -qq -o '\(trace)' -e trace=execve,openat,vfork,clone3,clone,fork \
          -e signal=none -p "$monitor" &
        until ! grep -q '^TracerPid:.0$' "/proc/$monitor/status"; do :; done
        "$MARTLET" healthcheck run \(name)
        kill $!; wait
        """)
      // A call that others interrupt is on two lines, the second without its name's parenthesis.
      return try String(decoding: Data(contentsOf: .init(filePath: trace)), as: UTF8.self)
        .split(separator: "\n").map(String.init)
    }

    @Test func tellsWhyThereIsNoProgram() throws {
      try Session.run { session in
        _ = try session.martlet([
          "run", "-d", "--name", "probed", "--health-cmd", #"["CMD", "nowhere"]"#,
          "--health-interval", "disable", Session.image, "sleep", "300",
        ])
        for number in 0..<2 {
          try session.martlet("healthcheck", "run", "probed", exit: 1)
          let log = "(index .State.Health.Log \(number))"
          #expect(try session.inspect("probed", "{{\(log).ExitCode}}") != "0")
          #expect(
            try session.inspect("probed", "{{\(log).Output}}").contains(
              "executable file `nowhere` not found in $PATH"))
        }
      }
    }

    /// The first process may take namespaces of its own later: a probe is in them, as `exec` is.
    @Test func followsTheFirstProcess() throws {
      try Session.run { session in
        _ = try session.martlet([
          "run", "-d", "--name", "probed", "--cap-add", "SYS_ADMIN", "--uts", "host",
          "--health-cmd", "readlink /proc/self/ns/uts", "--health-interval", "disable",
          Session.image, "sh", "-c",
          "trap 'exec unshare -u sleep 300' USR1; sleep 300 & wait",
        ])
        try session.martlet("healthcheck", "run", "probed")
        let before = try session.inspect("probed", "{{(index .State.Health.Log 0).Output}}")
        try session.martlet("kill", "-s", "USR1", "probed")
        #expect(
          try Poll.until {
            try session.martlet("exec", "probed", "readlink", "/proc/self/ns/uts").output != before
          })
        try session.martlet("healthcheck", "run", "probed")
        let after = try session.inspect("probed", "{{(index .State.Health.Log 1).Output}}")
        #expect(
          try session.martlet("exec", "probed", "readlink", "/proc/self/ns/uts").output == after)
      }
    }
  }
}
