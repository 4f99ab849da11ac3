import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// Options of `run` and `create` that are asked for less often.
  @Suite(.enabled(if: Machine.current?.isPeer == false, "a peer words some of it differently"))
  struct RunFlagTests {
    /// Options, a command, and what it prints.
    private static let cases: [(flags: [String], command: String, output: String)] = [
      (["--env-merge", "PATH=${PATH}:/opt", "-e", "PATH=/bin"], "echo $PATH", "/bin:/opt"),
      (["--unsetenv", "container"], "echo [$container]", "[]"),
      (["--unsetenv-all", "-e", "A=b"], "echo [$container] $A", "[] b"),
      (["--umask", "0077"], "umask", "0077"),
      (["--tz", "local"], "echo ok", "ok"),
      (["--no-hostname"], "cat /etc/hostname", "martlet-demo"),
      (["--hosts-file", "none"], "grep -c localhost /etc/hosts", "2"),
      (["--user", "1234"], "grep ^1234: /etc/passwd", "1234:*:1234:0:container user:/:/bin/sh"),
      (["--user", "1234", "--passwd=false"], "grep -c ^1234: /etc/passwd; echo end", "0\nend"),
      (
        ["--user", "1234", "--passwd-entry", "x$UID:y:$UID:$GID::/h:/s"],
        "grep ^x1234: /etc/passwd", "x1234:y:1234:0::/h:/s"
      ),
      (
        ["--user", "1234:4321", "--group-entry", "g$GID:x:$GID:"], "grep ^g4321: /etc/group",
        "g4321:x:4321:"
      ),
      (["--systemd", "always"], "grep -c -e ' /run ' -e ' /tmp ' /proc/mounts", "2"),
      (["--systemd", "always"], "echo ${#container_uuid}", "32"),
      (["--read-only", "--read-only-tmpfs=false"], "touch /tmp/x 2>/dev/null; echo $?", "1"),
      (["--read-only"], "touch /tmp/x; echo $?", "0"),
      (["--cgroups", "disabled"], "echo ok", "ok"),
      (["--timeout", "60"], "echo ok", "ok"),
      (["--shm-size", "1m"], "grep ' /dev/shm ' /proc/mounts | grep -c size=1024k", "1"),
      (["--ulimit", "host"], "echo ok", "ok"),
      (["--ulimit", "nofile=100:200"], "ulimit -n", "100"),
      (["--oom-score-adj", "500"], "cat /proc/self/oom_score_adj", "500"),
      (["--sysctl", "net.ipv4.ping_group_range=0 0"], "echo ok", "ok"),
      (["--group-add", "keep-groups"], "echo ok", "ok"),
    ]

    @Test func doesWhatItsOptionsSay() throws {
      try Session.run { session in
        for (flags, command, output) in Self.cases {
          let result = try session.martlet(
            ["run", "--rm", "--network", "none"] + flags
              + [Session.image, "/bin/sh", "-c", command])
          #expect(result.output == output, "\(flags)")
        }
      }
    }

    @Test(.enabled(if: Machine.runtime != "runc", "runc before 1.2 sets no domain name"))
    func namesTheDomain() throws {
      try Session.run { session in
        let result = try session.martlet(
          "run", "--rm", "--network", "none", "--domainname", "example.org", Session.image, "cat",
          "/proc/sys/kernel/domainname")
        #expect(result.output == "example.org")
      }
    }

    @Test func passesTheEnvironmentOn() throws {
      try Session.run { (session: Session) throws in
        func show(_ flags: String...) throws -> String {
          try session.martlet(
            ["run", "--rm", "--network", "none"] + flags
              + [Session.image, "sh", "-c", "echo [$OF_HOST] [$https_proxy]"],
            environment: ["OF_HOST": "value", "https_proxy": "http://p:1"]
          ).output
        }
        #expect(try show() == "[] [http://p:1]")
        #expect(try show("--http-proxy=false") == "[] []")
        #expect(try show("--env-host") == "[value] [http://p:1]")
      }
    }

    @Test func writesPidFiles() throws {
      try Session.run { session in
        let files = ["pid", "monitor"].map { session.directory + "/" + $0 }
        let id = try session.startSleeper(
          name: "pids", "--pidfile", files[0], "--conmon-pidfile", files[1])
        let texts = try files.map { try String(contentsOfFile: $0, encoding: .utf8) }
        #expect(try session.inspect(id, "{{.State.Pid}}") == texts[0])
        #expect(try session.inspect(id, "{{.State.ConmonPid}}") == texts[1])
      }
    }

    @Test func joinsNamespacesOfAContainer() throws {
      try Session.run { session in
        let id = try session.startSleeper(name: "host")
        func link(_ name: String, _ flags: String...) throws -> String {
          try session.martlet(
            ["run", "--rm", "--network", "none"] + flags
              + [Session.image, "readlink", "/proc/self/ns/\(name)"]
          ).output
        }
        for name in ["pid", "ipc", "uts"] {
          let there = try session.martlet("exec", id, "readlink", "/proc/self/ns/\(name)").output
          #expect(try link(name, "--\(name)", "container:host") == there)
          #expect(try link(name) != there)
        }
        try session.martlet("exec", id, "sh", "-c", "echo shared > /dev/shm/file")
        let shared = try session.martlet(
          "run", "--rm", "--network", "none", "--ipc", "container:host", Session.image, "cat",
          "/dev/shm/file")
        #expect(shared.output == "shared")
        #expect(
          try session.martlet(
            "run", "--rm", "--network", "none", "--uts", "container:host", Session.image,
            "hostname"
          ).output == String(id.prefix(12)))
      }
    }

    /// Podman's words: `shareable` is what a container has unless it asks for another.
    @Test func sharesOnlyAnIPCNamespaceThatIsShareable() throws {
      try Session.run { session in
        for mode in ["none", "private"] {
          _ = try session.startSleeper(name: mode, "--ipc", mode)
          let join = try session.martlet(
            "run", "--rm", "--network", "none", "--ipc", "container:\(mode)", Session.image, "true",
            exit: 125)
          #expect(join.standardError.contains("non-shareable IPC"), "\(join.transcript)")
          #expect(try session.martlet("ps", "-aq", "--filter", "status=created").output == "")
        }
        let own = try session.martlet("exec", "none", "readlink", "/proc/self/ns/ipc").output
        #expect(
          try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/ipc") != own)
        try session.martlet("exec", "none", "test", "-e", "/dev/shm", exit: 1)
        try session.martlet("exec", "private", "test", "-w", "/dev/shm")
        _ = try session.startSleeper(name: "usual")
        let modes = try ["none", "private", "usual"].map {
          try session.inspect($0, "{{.HostConfig.IpcMode}}")
        }
        #expect(modes == ["none", "private", "shareable"])
      }
    }

    @Test func startsWhatItRequires() throws {
      try Session.run { session in
        let base = try session.martlet(
          "create", "--name", "needed", "--network", "none", Session.image, "sleep", "300"
        ).output
        try session.martlet(
          "run", "--name", "needing", "--network", "none", "--requires", "needed", Session.image,
          "true")
        #expect(try session.inspect("needed", "{{.State.Running}}") == "true")
        #expect(
          try session.inspect("needing", "{{range .Dependencies}}{{.}}{{end}}") == base)
        try session.martlet("rm", "-f", "-t", "0", "needed", exit: 125)
      }
    }

    @Test func exposesAndPublishes() throws {
      try Session.run { session in
        try session.martlet(
          "create", "--name", "exposed", "--network", "none", "--expose", "99-100",
          "--expose", "53/udp", Session.image, "true")
        #expect(
          try session.martlet("ps", "-a", "--format", "{{.Ports}}").output
            == "99/tcp, 100/tcp, 53/udp")
        #expect(
          try session.inspect("exposed", "{{json .Config.ExposedPorts}}")
            == #"{"100/tcp":{},"53/udp":{},"99/tcp":{}}"#)
        for wrong in ["x", "0", "70000", "9-8", "80/icmp"] {
          try session.martlet("create", "--expose", wrong, Session.image, exit: 125)
        }
      }
    }

    /// What cannot be had is refused; nothing is left of the container.
    @Test func refusesWhatItCannotDo() throws {
      try Session.run { session in
        for flags in [
          ["--pod", "x"], ["--ip", "10.0.0.2"], ["--network-alias", "a"],
          ["--systemd", "maybe"], ["--tz", "Nowhere/Land"], ["--requires", "nosuch"],
          ["--pid", "container:nosuch"], ["--cgroups", "split"], ["--timeout", "-1"],
          ["--group-add", "keep-groups", "--group-add", "1"], ["--init-path", "/nonexistent"],
          ["--blkio-weight", "5"],
          ["--no-hosts", "--hosts-file", "none"], ["--preserve-fds", "90"],
        ] {
          try session.martlet(["run"] + flags + [Session.image, "true"], exit: 125)
        }
        try session.martlet("run", "--hostuser", "nosuchuser", Session.image, "true", exit: 126)
        #expect(try session.martlet("ps", "-aq").output == "")
      }
    }
  }
}
