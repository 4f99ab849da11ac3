import LinuxSystem
import OCISpec
import Testing

/// One observable effect for each field of the runtime specification that no other test names
/// (contrib/design/0037 has the table).
@Suite(.enabled(if: RuntimeUnderTest.isUsable, "root, martlet-oci and busybox-static"))
struct SpecFieldTests {
  private typealias Row = (
    field: String, change: @Sendable (inout RuntimeSpec) -> Void, script: String, output: String
  )

  private static func limit(_ type: String, _ soft: UInt64, _ hard: UInt64)
    -> RuntimeResourceLimit
  {
    var limit = RuntimeResourceLimit()
    limit.type = type
    limit.soft = soft
    limit.hard = hard
    return limit
  }

  private static let process: [Row] = [
    ("args", { $0.process?.args = ["sh", "-c", "echo $0 $1", "a b", "c"] }, "", "a b c\n"),
    ("cwd", { $0.process?.cwd = "/made/here" }, "echo $PWD", "/made/here\n"),
    (
      "rlimits", { $0.process?.rlimits = [limit("RLIMIT_NOFILE", 70, 80)] },
      "ulimit -Sn; ulimit -Hn", "70\n80\n"
    ),
    ("oomScoreAdj", { $0.process?.oomScoreAdj = 321 }, "cat /proc/self/oom_score_adj", "321\n"),
    ("user.umask", { $0.process?.user.umask = 0o027 }, "umask", "0027\n"),
    (
      "user.additionalGids",
      { $0.process?.user = RuntimeUser(uid: 1, gid: 2, additionalGids: [9]) },
      "id -G", "2 9\n"
    ),
    (
      "noNewPrivileges", { $0.process?.noNewPrivileges = false },
      "busybox grep NoNewPrivs /proc/self/status", "NoNewPrivs:\t0\n"
    ),
    (
      "capabilities.bounding",
      { $0.process?.capabilities?.bounding = ["CAP_KILL", "CAP_CHOWN"] },
      "busybox grep CapBnd /proc/self/status", "CapBnd:\t0000000000000021\n"
    ),
    (
      "capabilities.ambient",
      {
        let names = ["CAP_KILL"]
        $0.process?.user = RuntimeUser(uid: 1, gid: 1)
        $0.process?.capabilities = RuntimeCapabilities(
          bounding: names, effective: names, inheritable: names, permitted: names, ambient: names)
      }, "busybox grep -E 'CapAmb|CapEff' /proc/self/status",
      "CapEff:\t0000000000000020\nCapAmb:\t0000000000000020\n"
    ),
    (
      "scheduler",
      {
        var scheduler = RuntimeScheduler()
        scheduler.policy = "SCHED_BATCH"
        scheduler.nice = 7
        $0.process?.scheduler = scheduler
      }, "busybox cut -d' ' -f19,41 /proc/self/stat", "7 3\n"
    ),
    (
      "ioPriority",
      {
        var priority = RuntimeIOPriority()
        priority.class = .bestEffort
        priority.priority = 6
        $0.process?.ioPriority = priority
      }, "busybox ionice -p $$", "best-effort: prio 6\n"
    ),
  ]

  private static let root: [Row] = [
    ("hostname", { $0.hostname = "named" }, "cat /proc/sys/kernel/hostname", "named\n"),
    ("domainname", { $0.domainname = "dom" }, "cat /proc/sys/kernel/domainname", "dom\n"),
    (
      "root.readonly", { $0.root?.readonly = true },
      "mkdir /x 2>/dev/null || echo refused", "refused\n"
    ),
    (
      "linux.sysctl", { $0.linux?.sysctl = ["kernel.msgmni": "123"] },
      "cat /proc/sys/kernel/msgmni", "123\n"
    ),
    (
      "linux.readonlyPaths", { $0.linux?.readonlyPaths = ["/etc"] },
      "mkdir /etc/x 2>/dev/null || echo refused", "refused\n"
    ),
    (
      "linux.maskedPaths", { $0.linux?.maskedPaths = ["/etc", "/proc/version", "/missing"] },
      "ls /etc; cat /proc/version; echo end", "end\n"
    ),
    (
      "linux.timeOffsets",
      {
        var offset = RuntimeTimeOffset()
        offset.secs = 5_000_000
        $0.linux?.namespaces.append(RuntimeNamespace(.time))
        $0.linux?.timeOffsets = ["boottime": offset]
      }, "[ $(busybox cut -d. -f1 /proc/uptime) -ge 5000000 ] && echo later", "later\n"
    ),
    (
      "linux.devices type p",
      { $0.linux?.devices = [RuntimeDevice(.fifo, path: "/dev/pipe", major: 0, minor: 0)] },
      "[ -p /dev/pipe ] && echo pipe", "pipe\n"
    ),
  ]

  private static func mount(_ options: [String]) -> @Sendable (inout RuntimeSpec) -> Void {
    {
      $0.mounts.append(
        RuntimeMount(destination: "/m", type: "tmpfs", source: "named", options: options))
    }
  }

  private static let mounts: [Row] = [
    (
      "mounts.source and options", mount(["nosuid", "nodev", "noexec", "size=64k", "mode=700"]),
      "busybox grep ' /m ' /proc/mounts | busybox grep -c '^named /m tmpfs rw,nosuid,nodev,noexec.*size=64k,mode=700'",
      "1\n"
    ),
    ("mounts ro", mount(["ro"]), "mkdir /m/x 2>/dev/null || echo refused", "refused\n"),
    (
      "mounts noatime", mount(["noatime"]), "busybox grep -c ' /m tmpfs rw,noatime' /proc/mounts",
      "1\n"
    ),
    (
      "mounts nosymfollow", mount(["nosymfollow"]),
      "ln=x; busybox ln -s /etc/passwd /m/l; cat /m/l 2>/dev/null || echo refused", "refused\n"
    ),
    (
      "mounts tmpcopyup",
      {
        $0.mounts.append(
          RuntimeMount(
            destination: "/etc", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"]))
      }, "busybox wc -l < /etc/passwd", "1\n"
    ),
    (
      "mounts rro",
      {
        $0.mounts.append(
          RuntimeMount(
            destination: "/m", type: "bind", source: "/proc", options: ["rbind", "rro"]))
      }, "mkdir /m/x 2>/dev/null || echo refused", "refused\n"
    ),
    (
      "mounts propagation", mount(["shared"]),
      "busybox grep ' /m ' /proc/self/mountinfo | busybox grep -c shared:", "1\n"
    ),
  ]

  private static let rows = process + root + mounts

  @Test(arguments: rows.indices) func fieldHolds(index: Int) throws {
    let row = Self.rows[index]
    let bundle = try TestBundle()
    bundle.shell(row.script)
    row.change(&bundle.spec)
    let outcome = try bundle.run()
    #expect(outcome.output == row.output, "\(row.field): \(outcome.errors)")
  }

  @Test func terminalHasTheSizeOfTheSpecification() throws {
    let bundle = try TestBundle()
    bundle.spec.process?.terminal = true
    bundle.spec.process?.consoleSize = RuntimeConsoleSize(height: 17, width: 99)
    bundle.shell("busybox stty size")
    #expect(try bundle.run().output == "17 99\n")
  }

  @Test func slowHooksEnd() throws {
    let bundle = try TestBundle()
    var hooks = RuntimeHooks()
    hooks.createRuntime = [RuntimeHook(path: "/bin/sleep", args: ["sleep", "1000"], timeout: 1)]
    bundle.spec.hooks = hooks
    bundle.shell("true")
    let outcome = try bundle.run()
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("timeout"))
  }

  @Test func executedProcessesKeepToTheirCPUs() throws {
    let bundle = try TestBundle()
    var affinity = RuntimeCPUAffinity()
    affinity.final = "0"
    bundle.spec.process?.execCPUAffinity = affinity
    try bundle.start("sleep 1000")
    let outcome = try bundle.oci(
      ["exec", bundle.id, "busybox", "grep", "Cpus_allowed_list", "/proc/self/status"])
    #expect(outcome.output == "Cpus_allowed_list:\t0\n", "\(outcome.errors)")
  }

  @Test func annotationsAreInTheState() throws {
    let bundle = try TestBundle()
    bundle.spec.annotations["org.example.key"] = "value"
    try bundle.start("sleep 1000")
    #expect(try bundle.state().annotations["org.example.key"] == "value")
  }

  @Test(arguments: [
    ("apparmorProfile", "/sys/kernel/security/apparmor"), ("selinuxLabel", "/sys/fs/selinux"),
  ])
  func labelsNeedTheirKernel(field: String, place: String) throws {
    guard !FileTree.exists(place) else { return }
    let bundle = try TestBundle()
    if field == "selinuxLabel" {
      bundle.spec.process?.selinuxLabel = "system_u:system_r:container_t:s0"
    } else {
      bundle.spec.process?.apparmorProfile = "profile"
    }
    bundle.shell("true")
    let outcome = try bundle.run()
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains(field.prefix(7).lowercased()))
  }
}
