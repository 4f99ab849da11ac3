import LinuxSystem
import OCISpec
import Testing

/// What callers of other runtimes rely on.
@Suite(.enabled(if: RuntimeUnderTest.isUsable, "root, martlet-oci and busybox-static"))
struct CompatibilityTests {
  /// A mount that shows on the host would stay there after the container.
  @Test(arguments: [
    "private", "rprivate", "slave", "shared", "rshared", "unbindable", "runbindable",
  ])
  func mountsDoNotShowOnTheHost(propagation: String) throws {
    let bundle = try TestBundle()
    bundle.spec.linux?.rootfsPropagation = propagation
    bundle.shell("echo ran")
    let outcome = try bundle.host(
      """
      mount --bind \(bundle.directory) \(bundle.directory); mount --make-rshared /
      \(try bundle.runCommand()); grep -c \(bundle.id)/rootfs /proc/self/mountinfo
      """,
      in: ["/usr/bin/unshare", "--mount"])
    #expect(outcome.output == "ran\n0\n", "\(outcome.errors)")
  }

  @Test func configurationMayHaveAnotherName() throws {
    let bundle = try TestBundle()
    bundle.spec.process?.env.append("WHICH=other")
    let other = String(decoding: bundle.spec.encoded(), as: UTF8.self)
    bundle.spec.process?.env.removeLast()
    bundle.shell("sleep 1000")
    var document = try RuntimeSpec(parsing: Array(other.utf8))
    document.process?.args = ["sleep", "1000"]
    try FileTree.ensureDirectory("\(bundle.directory)/config")
    try FileTree.write(
      "\(bundle.directory)/config/other.json", String(decoding: document.encoded(), as: UTF8.self))
    let made = try bundle.oci([
      "run", "--detach", "--bundle", bundle.directory, "--config", "config/other.json", bundle.id,
    ])
    #expect(made.status == 0, "\(made.errors)")
    let executed = try bundle.oci(["exec", bundle.id, "sh", "-c", "echo $WHICH"])
    #expect(executed.output == "other\n")
  }

  @Test(arguments: ["journald:me", "syslog:me", "other:/tmp/x"])
  func logsGoToFilesAlone(log: String) throws {
    let bundle = try TestBundle()
    let outcome = try bundle.oci(["--log", log, "list"])
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("only files are supported"))
    let named = try bundle.oci(["--log", "file:\(bundle.directory)/log", "state", "missing"])
    #expect(named.status == 1)
    #expect(try FileTree.readText("\(bundle.directory)/log").contains("missing"))
  }

  @Test func preservesTheDescriptorsThatAreOpen() throws {
    let bundle = try TestBundle()
    bundle.shell("for f in /proc/self/fd/*; do readlink $f; done")
    let file = try OwnedDescriptor.open("/etc/hostname")
    let outcome = try bundle.oci(
      ["run", "--bundle", bundle.directory, "--preserve-fds", "50", bundle.id],
      inherited: [(20, file.raw)])
    #expect(outcome.output.contains("/etc/hostname"))
  }

  @Test func hooksOfTheHostInheritTheEnvironment() throws {
    let bundle = try TestBundle()
    let log = "\(bundle.directory)/log"
    var hooks = RuntimeHooks()
    let script = "echo ${OF_THE_CALLER-unset} >> \(log)"
    hooks.prestart = [
      RuntimeHook(path: "/bin/sh", args: ["sh", "-c", script]),
      RuntimeHook(path: "/bin/sh", args: ["sh", "-c", script], env: ["A=b"]),
    ]
    hooks.startContainer = [
      RuntimeHook(path: "/bin/sh", args: ["sh", "-c", "echo ${OF_THE_CALLER-unset} > /tmp/hook"])
    ]
    bundle.spec.hooks = hooks
    bundle.shell("cat /tmp/hook")
    let outcome = try bundle.host("OF_THE_CALLER=yes \(try bundle.runCommand())")
    #expect(outcome.output == "unset\n", "\(outcome.errors)")
    #expect(try FileTree.readText(log) == "yes\nunset\n")
  }

  @Test func hooksPrintWhereAnAnnotationSays() throws {
    let bundle = try TestBundle()
    var hooks = RuntimeHooks()
    hooks.createRuntime = [
      RuntimeHook(path: "/bin/sh", args: ["sh", "-c", "echo out; echo err >&2"])
    ]
    bundle.spec.hooks = hooks
    bundle.spec.annotations["run.oci.hooks.stdout"] = "\(bundle.directory)/hook.out"
    bundle.spec.annotations["run.oci.hooks.stderr"] = "\(bundle.directory)/hook.err"
    bundle.shell("true")
    #expect(try bundle.run().status == 0)
    #expect(try FileTree.readText("\(bundle.directory)/hook.out") == "out\n")
    #expect(try FileTree.readText("\(bundle.directory)/hook.err") == "err\n")
  }

  @Test(arguments: [("1", "6 21 22\n"), ("0", "6\n")])
  func groupsOfTheCallerStayOnlyWhenAsked(annotation: String, groups: String) throws {
    let bundle = try TestBundle()
    bundle.spec.process?.user = RuntimeUser(uid: 5, gid: 6)
    bundle.spec.annotations["run.oci.keep_original_groups"] = annotation
    bundle.shell("id -G")
    let outcome = try bundle.host(
      try bundle.runCommand(), in: ["/usr/bin/setpriv", "--groups", "21,22"])
    #expect(outcome.output == groups, "\(outcome.errors)")
  }

  @Test func streamsThatAreWrittenBecomeTheUsers() throws {
    let bundle = try TestBundle()
    bundle.spec.process?.user = RuntimeUser(uid: 5, gid: 6)
    let mine = "\(bundle.directory)/input"
    try FileTree.write(mine, "", mode: 0o644)
    bundle.shell("busybox stat -L -c %u:%g /proc/self/fd/1; echo again > /dev/stdout")
    let command = try bundle.runCommand()
    let outcome = try bundle.host("\(command) < \(mine) | cat; stat -c %u \(mine)")
    #expect(outcome.output == "5:6\nagain\n0\n", "\(outcome.errors)")
    #expect(
      try bundle.host("\(command) > \(bundle.directory)/o; stat -c %u \(bundle.directory)/o")
        .output == "5\n")
  }

  @Test(arguments: [false, true])
  func devicesHaveTheirOwnerAndMode(userNamespace: Bool) throws {
    let bundle = try TestBundle()
    if userNamespace {
      bundle.addUserNamespace()
    }
    var device = RuntimeDevice(.block, path: "/dev/odd//block/", major: 1, minor: 5)
    device.fileMode = 0o157
    device.uid = 10
    device.gid = 11
    bundle.spec.linux?.devices = [device]
    bundle.shell(
      "busybox stat -c '%F %u:%g %a %t:%T' /dev/odd/block; busybox stat -c %u:%g /dev/null")
    let owner = userNamespace ? "65534:65534" : "0:0"
    let outcome = try bundle.run()
    #expect(
      outcome.output == "block special file 10:11 157 1:5\n\(owner)\n", "\(outcome.errors)")
  }

  @Test func unprivilegedCallersGetAUserNamespace() throws {
    let bundle = try TestBundle()
    bundle.spec.process?.user = RuntimeUser(uid: 7, gid: 8)
    bundle.shell("id -u; id -g; cat /proc/self/uid_map | busybox tr -s ' '")
    let outcome = try bundle.hostAsOrdinaryUser(try bundle.runCommand())
    #expect(outcome.output == "7\n8\n 7 65533 1\n", "\(outcome.errors)")
  }

  @Test func boundDevicesRunNothing() throws {
    let bundle = try TestBundle(inNamespace: true)
    bundle.shell("busybox grep ' /dev/null ' /proc/self/mountinfo")
    let outcome = try bundle.run()
    #expect(outcome.output.contains("nosuid"), "\(outcome.errors)")
    #expect(outcome.output.contains("noexec"))
  }
}

extension TestBundle {
  /// Writes the configuration; the words of a shell that run it.
  func runCommand() throws -> String {
    _ = try oci(["state", id])
    return
      "\(RuntimeUnderTest.path ?? "") --root \(directory)/state run --bundle \(directory) \(id)"
  }

  func host(_ script: String, in wrapper: [String] = []) throws -> CommandOutcome {
    let words = wrapper + ["/bin/sh", "-c", script]
    return try CommandRunner.run(words[0], Array(words.dropFirst()), in: directory)
  }
}
