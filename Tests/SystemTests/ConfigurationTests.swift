import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// What containers.conf says holds where the command line is silent.
  @Suite(.enabled(if: Machine.current?.isPeer == false, "a peer reads more of the file"))
  struct ConfigurationTests {
    /// Lines of the file, options, a command, and what it prints.
    static let cases: [(file: String, flags: [String], command: String, output: String)] = [
      ("env = [\"A=1\", \"B=2\"]", ["-e", "B=3"], "echo $A $B", "1 3"),
      ("default_ulimits = [\"nofile=99:100\"]", [], "ulimit -n", "99"),
      ("default_ulimits = [\"nofile=99:100\"]", ["--ulimit", "nofile=50:60"], "ulimit -n", "50"),
      (
        "default_capabilities = [\"CHOWN\", \"CAP_KILL\"]", ["--cap-drop", "kill"],
        "grep CapBnd /proc/self/status", "CapBnd:\t0000000000000001"
      ),
      ("read_only = true", [], "touch /x 2>/dev/null || echo no", "no"),
      ("read_only = true", ["--read-only=false"], "touch /x && echo yes", "yes"),
      ("umask = \"0077\"", [], "umask", "0077"),
      ("umask = \"0077\"", ["--umask", "0"], "umask", "0000"),
      ("init = true", [], "test $$ -ne 1 && echo init", "init"),
      ("init = true", ["--init=false"], "test $$ -eq 1 && echo none", "none"),
      ("shm_size = \"1m\"", [], "grep ' /dev/shm ' /proc/mounts | grep -c size=1024k", "1"),
      (
        "dns_servers = [\"192.0.2.7\"]", [], "grep 192.0.2.7 /etc/resolv.conf",
        "nameserver 192.0.2.7"
      ),
      ("no_hosts = true", [], "grep -c \" $HOSTNAME\" /etc/hosts", "0"),
      ("userns = \"keep-id\"", [], "test $(id -u) -ne 0 && echo me", "me"),
      ("userns = \"keep-id\"", ["--userns", "host"], "id -u", "0"),
      ("oom_score_adj = 700", [], "cat /proc/self/oom_score_adj", "700"),
      ("oom_score_adj = 700", ["--oom-score-adj", "800"], "cat /proc/self/oom_score_adj", "800"),
      (
        "default_sysctls = [\"net.ipv4.ip_default_ttl=77\"]", [],
        "cat /proc/sys/net/ipv4/ip_default_ttl", "77"
      ),
      ("mounts = [\"type=tmpfs,dst=/given\"]", [], "grep -c ' /given ' /proc/mounts", "1"),
      (
        "mounts = [\"type=tmpfs,dst=/given\"]",
        ["--mount", "type=tmpfs,target=/given,tmpfs-size=1m"],
        "grep ' /given ' /proc/mounts | grep -c size=1024k", "1"
      ),
      ("volumes = [\"/etc:/given:ro\"]", ["--tmpfs", "/given"], "ls /given | wc -l", "0"),
      (
        "default_sysctls = [\"net.ipv4.ip_default_ttl=77\"]", ["--network", "host"], "echo runs",
        "runs"
      ),
      ("privileged = true", [], "test -w /proc/sys/kernel && echo all || echo some", "all"),
    ]

    @Test func fillsWhatTheCommandLineLeavesOpen() throws {
      try Session.run { session in
        for (file, flags, command, output) in Self.cases {
          let path = try session.write("[containers]\n\(file)\n", to: "containers.conf")
          let result = try session.martlet(
            ["run", "--rm", "--network", "none"] + flags
              + [Session.image, "/bin/sh", "-c", command + " || :"],
            environment: ["CONTAINERS_CONF_OVERRIDE": path])
          #expect(result.output == output, "\(file) \(flags) \(result.transcript)")
        }
      }
    }

    @Test(.enabled(if: Machine.runtime == nil, "the tests' own --runtime would win"))
    func theRuntimeOfTheCommandLineWins() throws {
      try Session.run { session in
        let path = try session.write("[engine]\nruntime = \"/nowhere/oci\"\n", to: "engine.conf")
        let run = ["run", "--rm", "--network", "none", Session.image, "/bin/true"]
        let around = ["CONTAINERS_CONF_OVERRIDE": path]
        let refused = try session.martlet(run, exit: 125, environment: around)
        #expect(refused.transcript.contains("/nowhere/oci"))
        try session.martlet(["--runtime", "martlet-oci"] + run, environment: around)
        try session.martlet(
          ["run", "--runtime", "martlet-oci"] + run.dropFirst(), environment: around)
      }
    }

    @Test func modulesAreReadLast() throws {
      try Session.run { session in
        let path = try session.write("[containers]\nenv = [\"A=1\"]\n", to: "containers.conf")
        let first = try session.write("[containers]\nenv = [\"B=2\", {append=true}]\n", to: "m1")
        let second = try session.write("[containers]\nenv = [\"B=3\"]\n", to: "m2")
        let result = try session.martlet(
          "--module", first, "--module=\(second)", "run", "--rm", "--network", "none",
          Session.image, "sh", "-c", "echo $A $B", environment: ["CONTAINERS_CONF": path])
        #expect(result.output == "1 3")
        try session.martlet("--module", "nosuch", "run", Session.image, exit: 125)
      }
    }

    /// Keys of the file leave a container as those of the command line do.
    @Test(.enabled(if: Machine.has("script"), "script(1) is not installed"))
    func takesDetachKeys() throws {
      try Session.run { session in
        let path = try session.write("[engine]\ndetach_keys = \"ctrl-x,z\"\n", to: "engine.conf")
        try session.shell(
          """
          export CONTAINERS_CONF_OVERRIDE=\(path)
          mkfifo keys && exec 9<>keys
          script -qec "$MARTLET run -it --network none --name kept \(Session.image) \
          sh -c 'echo up; exec sleep 300'" /dev/null <keys >screen &
          until grep -q up screen; do kill -0 $!; done
          printf '\\030z' >&9
          wait $!
          """)
        #expect(try session.inspect("kept", "{{.State.Status}}") == "running")
        try session.martlet("kill", "kept")
        try session.martlet("wait", "kept")
        // Another command's line takes the place of the file's.
        let wrong = try session.martlet(
          "start", "-a", "--detach-keys", "ctrl-", "kept", exit: 125,
          environment: ["CONTAINERS_CONF_OVERRIDE": path])
        #expect(wrong.standardError.contains("detach key"))
      }
    }

    /// Reading it takes as long as a system call takes a thousand times.
    @Test(.enabled(if: Machine.has("strace"))) func isReadOnceACommand() throws {
      try Session.run { session in
        let trace = session.directory + "/trace"
        let installed = try #require(Machine.current?.martlet)
        try session.shell(
          "exec strace -f -qq -o '\(trace)' -e trace=openat '\(installed)' create \(Session.image) true"
        )
        let opened = try String(decoding: Data(contentsOf: .init(filePath: trace)), as: UTF8.self)
          .split(separator: "\n").compactMap { line in
            line.split(separator: "\"").dropFirst().first.flatMap {
              $0.hasSuffix("/containers.conf") ? String($0) : nil
            }
          }
        #expect(!opened.isEmpty && Set(opened).count == opened.count, "\(opened)")
      }
    }
  }
}
