import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// What a container may do and see: privileges, namespaces, the root's state.
  @Suite struct RunIsolationTests {
    /// The bits of the default set: chown dac_override fowner fsetid kill net_bind_service setfcap
    /// setgid setpcap setuid sys_chroot (capabilities(7)).
    static let effective = "grep CapEff /proc/self/status | tr -d '\\t'"

    @Test(arguments: [
      RunFact("the default capabilities", script: effective, output: "CapEff:00000000800405fb"),
      RunFact(
        "--cap-drop ALL", ["--cap-drop", "ALL"], script: effective,
        output: "CapEff:0000000000000000"),
      RunFact(
        "--cap-add with the prefix left out", ["--cap-add", "net_admin"], script: effective,
        output: "CapEff:00000000800415fb"),
      RunFact(
        "--cap-drop ALL --cap-add one", ["--cap-drop=all", "--cap-add=CAP_CHOWN"],
        script: effective, output: "CapEff:0000000000000001"),
      RunFact(
        "another user has none in effect", ["-u", "demo"], script: effective,
        output: "CapEff:0000000000000000"),
      RunFact(
        "seccomp filters by default", script: "grep Seccomp: /proc/self/status | tr -d '\\t'",
        output: "Seccomp:2"),
      RunFact(
        "seccomp=unconfined", ["--security-opt", "seccomp=unconfined"],
        script: "grep Seccomp: /proc/self/status | tr -d '\\t'", output: "Seccomp:0"),
      RunFact(
        "no-new-privileges", ["--security-opt", "no-new-privileges"],
        script: "grep NoNewPrivs /proc/self/status | tr -d '\\t'", output: "NoNewPrivs:1"),
      RunFact(
        "/proc/sys is read-only",
        script: "echo 1 2>/dev/null > /proc/sys/kernel/core_uses_pid || echo refused",
        output: "refused"),
      RunFact(
        "masked files are empty",
        script: "cat /proc/kcore /proc/timer_list /proc/keys 2>/dev/null | wc -c", output: "0"),
      RunFact(
        "/dev has the standard nodes",
        script:
          "cd /dev && ls -d full null random tty urandom zero ptmx shm pts mqueue fd stdin stdout stderr | wc -l",
        output: "14"),
      RunFact(
        "/dev/null takes everything", script: "echo x > /dev/null && wc -c < /dev/null", output: "0"
      ),
      RunFact(
        "/tmp is for everybody", ["-u", "demo"], script: "echo x > /tmp/x && cat /tmp/x",
        output: "x"),
    ]) func confines(fact: RunFact) throws { try fact.check() }

    @Test(arguments: [
      RunFact(
        "--hostname", ["--hostname", "swift.example"], script: "hostname; cat /etc/hostname",
        output: "swift.example\nswift.example"),
      RunFact(
        "--pid host", ["--pid", "host"],
        script: "test -d /proc/self && test -e /proc/1/status; echo $?",
        output: "0"),
      RunFact(
        "--pid host has the masks", ["--pid", "host"],
        script:
          "echo 1 2>/dev/null > /proc/sys/kernel/core_uses_pid || cat /proc/kcore 2>/dev/null | wc -c",
        output: "0"),
      RunFact(
        "--read-only", ["--read-only"], script: "touch /x 2>/dev/null || echo refused",
        output: "refused"),
      RunFact(
        "--read-only leaves /tmp writable", ["--read-only"], script: "echo x > /tmp/x; cat /tmp/x",
        output: "x"),
      RunFact(
        "--tmpfs", ["--tmpfs", "/scratch:size=1m,mode=700"],
        script: "stat -f -c %T /scratch; stat -c %a /scratch", output: "tmpfs\n700"),
      RunFact(
        "--mount type=tmpfs", ["--mount", "type=tmpfs,dst=/scratch,tmpfs-size=1m"],
        ["stat", "-f", "-c", "%T", "/scratch"], output: "tmpfs"),
      RunFact("--network none has only lo", ["ls", "/sys/class/net"], output: "lo"),
      RunFact(
        "--add-host", ["--add-host", "db.example:192.0.2.7"],
        ["grep", "-c", "^192.0.2.7\\sdb.example$", "/etc/hosts"], output: "1"),
      RunFact(
        "localhost is in /etc/hosts", ["grep", "-c", "^127.0.0.1\\s.*localhost", "/etc/hosts"],
        output: "1"),
      RunFact(
        "--dns", ["--network=host", "--dns", "192.0.2.53"],
        ["grep", "^nameserver", "/etc/resolv.conf"], output: "nameserver 192.0.2.53"),
    ]) func shapesWhatTheContainerSees(fact: RunFact) throws { try fact.check() }

    @Test(arguments: [("none", false), ("host", true)])
    func sharesTheNetworkOnlyWhenAsked(network: String, isShared: Bool) throws {
      try Session.run { session in
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/net")
        let result = try session.martlet(
          "run", "--rm", "--network", network, Session.image, "readlink", "/proc/self/ns/net")
        #expect((result.output == own) == isShared)
      }
    }

    @Test func keepsTheCallersIdentity() throws {
      try Session.run { session in
        let user = try session.tool("id", "-u").output
        let result = try session.martlet(
          "run", "--rm", "--network", "none", "--userns", "keep-id", "-v",
          "\(session.directory):/data", Session.image, "sh", "-c",
          "id -u; echo mine > /data/file; stat -c %u /data/file")
        #expect(result.output == "\(user)\n\(user)")
        #expect(try session.tool("stat", "-c", "%u", session.directory + "/file").output == user)
      }
    }

    @Test func mapsRootToTheCaller() throws {
      try Session.run { session in
        let user = try session.tool("id", "-u").output
        try session.martlet(
          "run", "--rm", "--network", "none", "-v", "\(session.directory):/data", Session.image,
          "touch", "/data/file")
        #expect(try session.tool("stat", "-c", "%u", session.directory + "/file").output == user)
      }
    }

    @Test func runsFromADirectory() throws {
      try Session.run { session in
        let root = session.directory + "/root"
        try session.tool("mkdir", "-p", root + "/bin", root + "/proc", root + "/dev", root + "/sys")
        try session.tool("cp", Machine.find("busybox") ?? "busybox", root + "/bin/busybox")
        let result = try session.martlet(
          "run", "--rm", "--network", "none", "--rootfs", root, "/bin/busybox", "ls", "/bin")
        #expect(result.output == "busybox")
      }
    }

    @Test(
      .enabled(if: Machine.hasController("memory"), "no memory controller is delegated"),
      arguments: [
        ("--memory", "64m", "memory.max", "67108864"), ("--pids-limit", "50", "pids.max", "50"),
      ])
    func limitsResources(flag: String, value: String, file: String, expected: String) throws {
      try RunFact(flag, [flag, value], ["cat", "/sys/fs/cgroup/\(file)"], output: expected).check()
    }
  }
}
