import LinuxSystem
import OCISpec
import Testing

/// One row for each field of the specification that a process can see the effect of.
@Suite(.enabled(if: RuntimeUnderTest.isUsable, "root, martlet-oci and busybox-static"))
struct FieldTableTests {
  struct Row: Sendable {
    var field: String
    var change: @Sendable (inout RuntimeSpec) -> Void
    var script: String
    /// The output's lines.
    var lines: [String]
  }

  static let rows: [Row] = [
    Row(
      field: "process.user.umask", change: { $0.process?.user.umask = 0o27 }, script: "umask",
      lines: ["0027"]),
    Row(
      field: "process.user",
      change: { $0.process?.user = RuntimeUser(uid: 7, gid: 8, additionalGids: [9]) },
      script: "id -u; id -G", lines: ["7", "8 9"]),
    Row(
      field: "process.rlimits",
      change: {
        $0.process?.rlimits = [RuntimeResourceLimit(type: "RLIMIT_NOFILE", soft: 100, hard: 200)]
      }, script: "ulimit -n; ulimit -Hn", lines: ["100", "200"]),
    Row(
      field: "process.oomScoreAdj", change: { $0.process?.oomScoreAdj = 500 },
      script: "cat /proc/self/oom_score_adj", lines: ["500"]),
    Row(
      field: "process.scheduler",
      change: {
        var scheduler = RuntimeScheduler()
        scheduler.policy = "SCHED_BATCH"
        scheduler.nice = 5
        $0.process?.scheduler = scheduler
      }, script: "busybox cut -d ' ' -f 19,41 /proc/self/stat", lines: ["5 3"]),
    Row(
      field: "process.noNewPrivileges", change: { $0.process?.noNewPrivileges = true },
      script: "busybox grep NoNewPrivs /proc/self/status", lines: ["NoNewPrivs:\t1"]),
    Row(
      field: "process.env", change: { $0.process?.env = ["PATH=/bin", "A=b c"] },
      script: "echo $A $HOME", lines: ["b c /root"]),
    Row(
      field: "domainname", change: { $0.domainname = "example.org" },
      script: "cat /proc/sys/kernel/domainname", lines: ["example.org"]),
    Row(
      field: "linux.personality",
      change: {
        var personality = RuntimePersonality()
        personality.domain = .linux32
        $0.linux?.personality = personality
      }, script: "busybox uname -m | busybox sed s/i.86/32/", lines: ["32"]),
    Row(
      field: "linux.sysctl", change: { $0.linux?.sysctl = ["kernel.msgmax": "9000"] },
      script: "cat /proc/sys/kernel/msgmax", lines: ["9000"]),
    Row(
      field: "linux.timeOffsets",
      change: {
        $0.linux?.namespaces.append(RuntimeNamespace(.time))
        var offset = RuntimeTimeOffset()
        offset.secs = 1_000_000_000
        $0.linux?.timeOffsets = ["boottime": offset]
      }, script: "read up idle </proc/uptime; [ ${up%%.*} -ge 1000000000 ] && echo later",
      lines: ["later"]),
    Row(
      field: "linux.namespaces cgroup",
      change: { _ in },
      script: "busybox grep -v ':/$' /proc/self/cgroup; echo end", lines: ["end"]),
    Row(
      field: "linux.rootfsPropagation", change: { $0.linux?.rootfsPropagation = "shared" },
      script: """
        while read -r a b c d place options tag rest; do
          [ $place = / ] && echo ${tag%%:*}
        done </proc/self/mountinfo
        """, lines: ["shared"]),
    Row(
      field: "linux.devices",
      change: {
        $0.linux?.devices = [
          RuntimeDevice(
            .character, path: "/dev/sub/nothing", major: 1, minor: 3, fileMode: 0o604, uid: 3,
            gid: 4)
        ]
      }, script: "busybox stat -c '%t:%T %a %u %g' /dev/sub/nothing", lines: ["1:3 604 3 4"]),
    Row(
      field: "mounts rro",
      change: {
        $0.mounts.append(
          RuntimeMount(
            destination: "/data", type: "bind", source: "/dev", options: ["rbind", "rro"]))
      },
      script: """
        while read -r a b c d place options rest; do
          case $place in /data*) case $options in ro*) ;; *) echo $place $options;; esac;; esac
        done </proc/self/mountinfo; ls -d /data
        """, lines: ["/data"]),
    Row(
      field: "mounts noexec,nosymfollow",
      change: {
        $0.mounts.append(
          RuntimeMount(
            destination: "/data", type: "tmpfs", source: "tmpfs",
            options: ["nosuid", "noexec", "noatime", "size=64k", "mode=0711"]))
      },
      script:
        "busybox sed -n 's, /data , /data ,; s,.* /data \\([a-z,]*\\) .*,\\1,p' /proc/self/mountinfo; busybox stat -c %a /data",
      lines: ["rw,nosuid,noexec,noatime", "711"]),
    Row(
      field: "linux.maskedPaths", change: { $0.linux?.maskedPaths = ["/etc/passwd", "/root"] },
      script: "cat /etc/passwd; ls /root; echo end", lines: ["end"]),
    Row(
      field: "linux.readonlyPaths", change: { $0.linux?.readonlyPaths = ["/tmp"] },
      script: "echo x 2>/dev/null >/tmp/x || echo refused", lines: ["refused"]),
    Row(
      field: "process.capabilities",
      change: {
        $0.process?.capabilities = RuntimeCapabilities(
          bounding: ["CAP_KILL"], effective: ["CAP_KILL"], permitted: ["CAP_KILL"])
      }, script: "busybox sed -n 's/^Cap//p' /proc/self/status",
      lines: [
        "Inh:\t0000000000000000", "Prm:\t0000000000000020", "Eff:\t0000000000000020",
        "Bnd:\t0000000000000020", "Amb:\t0000000000000000",
      ]),
  ]

  @Test(arguments: rows.indices) func theProcessSeesIt(index: Int) throws {
    let row = Self.rows[index]
    let bundle = try TestBundle()
    row.change(&bundle.spec)
    bundle.shell(row.script)
    let outcome = try bundle.run()
    #expect(outcome.errors == "", "\(row.field)")
    #expect(outcome.output.split(separator: "\n").map(String.init) == row.lines, "\(row.field)")
  }

  @Test func inputAndOutputGetTheirPriority() throws {
    guard let ionice = Program.find("ionice", in: Program.systemDirectories) else { return }
    let bundle = try TestBundle()
    var priority = RuntimeIOPriority()
    priority.class = .bestEffort
    priority.priority = 6
    bundle.spec.process?.ioPriority = priority
    try bundle.start("sleep 1000")
    let told = try CommandRunner.run(
      ionice, ["-p", "\(try bundle.state().pid)"], in: bundle.directory)
    #expect(told.output == "best-effort: prio 6\n")
  }

  @Test func furtherProcessesGetTheirCPUs() throws {
    let bundle = try TestBundle()
    try bundle.start("sleep 1000")
    var process = RuntimeProcess(args: [
      "busybox", "grep", "Cpus_allowed_list", "/proc/self/status",
    ])
    process.env = ["PATH=/bin"]
    var affinity = RuntimeCPUAffinity()
    affinity.final = "0"
    process.execCPUAffinity = affinity
    let file = "\(bundle.directory)/process.json"
    try FileTree.write(file, String(decoding: process.encoded(), as: UTF8.self))
    let outcome = try bundle.oci(["exec", "--process", file, bundle.id])
    #expect(outcome.output == "Cpus_allowed_list:\t0\n", "\(outcome.errors)")
  }

  @Test func idsOfAMountAreMapped() throws {
    let bundle = try TestBundle()
    try FileTree.ensureDirectory("\(bundle.directory)/data", mode: 0o755)
    var mount = RuntimeMount(
      destination: "/data", type: "bind", source: "\(bundle.directory)/data", options: ["bind"])
    mount.uidMappings = [RuntimeIDMapping(containerID: 0, hostID: 5_000, size: 1)]
    mount.gidMappings = mount.uidMappings
    bundle.spec.mounts.append(mount)
    bundle.shell("busybox stat -c '%u %g' /data")
    let outcome = try bundle.run()
    // Not every filesystem can; then the mount is named.
    guard outcome.status == 0 else {
      return #expect(outcome.errors.contains("mounts["), "\(outcome.errors)")
    }
    #expect(outcome.output == "5000 5000\n")
  }

  @Test func anAgentGetsTheFiltersDescriptor() throws {
    let bundle = try TestBundle()
    let directory = try OwnedDescriptor.open(bundle.directory, [.path, .directory])
    let listener = try UnixSocket.listen(directory: directory.raw, name: "agent")
    var seccomp = RuntimeSeccomp(
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [
        RuntimeSyscallRule(["swapoff"], action: "SCMP_ACT_NOTIFY"),
        RuntimeSyscallRule(["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 28),
      ])
    seccomp.listenerPath = "\(bundle.directory)/agent"
    seccomp.listenerMetadata = "hello"
    bundle.spec.linux?.seccomp = seccomp
    bundle.shell("mkdir /tmp/x")
    let outcome = try bundle.run()
    #expect(outcome.errors.contains("No space left on device"), "\(outcome.errors)")
    guard let agent = try UnixSocket.accept(listener.raw) else {
      Issue.record("nobody connected")
      return
    }
    let message = try UnixSocket.receive(agent.raw, limit: 65_536)
    let bytes = message.bytes
    let descriptor = message.takeDescriptor()?.release() ?? -1
    #expect(descriptor >= 0)
    Descriptor.close(descriptor)
    guard case .object(let told) = try JSONValue(parsing: bytes) else {
      Issue.record("no object")
      return
    }
    #expect(told.find("metadata") == .string("hello"))
    #expect(told.find("fds") == .array([.string("seccompFd")]))
  }

  @Test func annotationsAreTold() throws {
    let bundle = try TestBundle()
    bundle.spec.annotations = ["org.example.a": "b"]
    try bundle.start("sleep 1000")
    #expect(try bundle.state().annotations == ["org.example.a": "b"])
  }
}
