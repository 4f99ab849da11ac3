import LinuxSystem
import OCISpec
import Testing

/// What crun and runc do alike, and what is written for them expects.
@Suite(.enabled(if: RuntimeUnderTest.isUsable, "root, martlet-oci and busybox-static"))
struct OtherRuntimesTests {
  /// The second hook of a kind fails.
  private func failing(_ kind: String) -> RuntimeHooks {
    let list = ["true", "false"].map { RuntimeHook(path: "/bin/\($0)", args: [$0]) }
    var hooks = RuntimeHooks()
    switch kind {
    case "prestart": hooks.prestart = list
    case "createRuntime": hooks.createRuntime = list
    case "createContainer": hooks.createContainer = list
    case "startContainer": hooks.startContainer = list
    default: hooks.poststart = list
    }
    return hooks
  }

  @Test(arguments: ["prestart", "createRuntime", "createContainer", "startContainer", "poststart"])
  func aFailingHookIsNamed(kind: String) throws {
    let bundle = try TestBundle()
    try FileTree.makeLink("\(bundle.rootfs)/bin/false", to: "busybox")
    bundle.spec.hooks = failing(kind)
    bundle.shell("sleep 1000")
    let outcome = try bundle.run()
    #expect(outcome.status == 1)
    #expect(
      outcome.errors.contains("error running \(kind) hook #1: `/bin/false` exited with 1"),
      "\(outcome.errors)")
    #expect(try bundle.oci(["state", bundle.id]).status == 1)
  }

  @Test func aFailingPoststartHookEndsTheContainer() throws {
    let bundle = try TestBundle()
    bundle.spec.hooks = failing("poststart")
    let log = "\(bundle.directory)/gone"
    bundle.spec.hooks?.poststop = [
      RuntimeHook(path: "/bin/false", args: ["false"]),
      RuntimeHook(path: "/bin/sh", args: ["sh", "-c", "echo called > \(log)"]),
    ]
    bundle.shell("sleep 1000")
    #expect(try bundle.oci(["create", "--bundle", bundle.directory, bundle.id]).status == 0)
    let pid = try bundle.state().pid
    let started = try bundle.oci(["start", bundle.id])
    #expect(started.status == 1)
    #expect(started.errors.contains("error running poststart hook #1"), "\(started.errors)")
    try bundle.waitForEnd(pid)
    #expect(try bundle.oci(["state", bundle.id]).status == 1)
    // All of these are called, whatever happens to one.
    #expect(try FileTree.readText(log) == "called\n")
  }

  /// What the container's own file does must not have more rights than its process.
  @Test func aFilterHoldsForStartContainerHooks() throws {
    let bundle = try TestBundle()
    let rule = RuntimeSyscallRule(["mkdir", "mkdirat"], action: "SCMP_ACT_KILL")
    bundle.spec.linux?.seccomp = RuntimeSeccomp(
      defaultAction: "SCMP_ACT_ALLOW", syscalls: [rule])
    bundle.spec.hooks = RuntimeHooks()
    bundle.spec.hooks?.startContainer = [
      RuntimeHook(path: "/bin/mkdir", args: ["mkdir", "/tmp/made"])
    ]
    bundle.shell("echo ran")
    let outcome = try bundle.run()
    #expect(outcome.status == 1)
    #expect(outcome.output == "")
    #expect(outcome.errors.contains("bad system call"), "\(outcome.errors)")
  }

  @Test(arguments: [
    (["--pid-file", "/nonexistent/pid"], "true", "write the pid file"),
    ([], "nosuch", "executable file `nosuch` not found in $PATH"),
    ([], "/tmp/script", "exec /tmp/script: no such file or directory"),
    ([], "/bin/fails", nil),
  ])
  func failuresOfExecHaveAStatusOfTheirOwn(options: [String], program: String, words: String?)
    throws
  {
    let bundle = try TestBundle()
    try FileTree.write("\(bundle.rootfs)/tmp/script", "#!/nonexistent\n", mode: 0o755)
    try FileTree.write("\(bundle.rootfs)/bin/fails", "#!/bin/sh\nexit 1\n", mode: 0o755)
    try bundle.start("sleep 1000")
    let outcome = try bundle.oci(["exec"] + options + [bundle.id, program])
    #expect(outcome.status == (words == nil ? 1 : 255))
    #expect(outcome.errors.contains(words ?? ""), "\(outcome.errors)")
  }

  @Test func aStoppedContainerTakesNoProcess() throws {
    let bundle = try TestBundle()
    bundle.shell("true")
    #expect(try bundle.run(["--keep"]).status == 0)
    let outcome = try bundle.oci(["exec", bundle.id, "true"])
    #expect(outcome.status == 255)
    #expect(outcome.errors.contains("cannot exec in a stopped container"), "\(outcome.errors)")
  }

  @Test(arguments: [
    ([], "710"), (["mode=1750"], "1750"), (["ro"], "710"),
  ]) func aTmpfsHasTheModeOfWhatItCovers(options: [String], mode: String) throws {
    let bundle = try TestBundle()
    try FileTree.ensureDirectory("\(bundle.rootfs)/there", mode: 0o710)
    try FileTree.setMode("\(bundle.rootfs)/there", 0o710)
    for place in ["/there", "/new"] {
      var mount = RuntimeMount(destination: place, type: "tmpfs", source: "tmpfs")
      mount.options = options
      bundle.spec.mounts.append(mount)
    }
    bundle.shell("busybox stat -c %a /there /new")
    let outcome = try bundle.run()
    let new = mode == "710" ? "1777" : mode
    #expect(outcome.output == "\(mode)\n\(new)\n", "\(outcome.errors)")
  }

  /// Options that name attributes name them all; in a user namespace what is locked stays.
  @Test(arguments: [
    (["bind"], false, "ro,nosuid,nodev,noexec,"),
    (["bind", "rprivate"], false, "ro,nosuid,nodev,noexec,"),
    (["bind", "ro"], false, "ro,"), (["bind", "rw"], false, "rw,"),
    (["bind", "dev"], false, "rw,"),
    (["bind", "nosuid"], false, "rw,nosuid,"),
    (["bind", "rw"], true, "ro,nosuid,nodev,noexec,"),
    (["bind", "nosuid"], true, "ro,nosuid,nodev,noexec,"),
  ])
  func aBindMountHasTheAttributesThatItNames(
    options: [String], inUserNamespace: Bool, attributes: String
  ) throws {
    let bundle = try TestBundle()
    if inUserNamespace { bundle.addUserNamespace() }
    let shown = "\(bundle.directory)/shown"
    for name in [shown, "\(bundle.rootfs)/mnt"] {
      try FileTree.ensureDirectory(name, mode: 0o755)
    }
    var mount = RuntimeMount(destination: "/mnt", type: "bind", source: shown)
    mount.options = options
    bundle.spec.mounts.append(mount)
    bundle.shell("busybox grep ' /mnt ' /proc/self/mounts | busybox cut -d ' ' -f 4")
    let outcome = try bundle.host(
      """
      mount --bind \(shown) \(shown) && mount -o remount,bind,ro,nosuid,nodev,noexec \(shown)
      \(try bundle.runCommand())
      """, in: ["/usr/bin/unshare", "--mount"])
    #expect(outcome.output.hasPrefix(attributes), "\(outcome)")
    let others = ["nosuid", "nodev", "noexec"].filter { !attributes.contains($0) }
    #expect(!others.contains { outcome.output.contains("\($0),") }, "\(outcome)")
  }

  /// A mount of the container's own, which its user namespace may not map.
  @Test(arguments: ["", "-größere-bündel"]) func sourcesOfTheContainerMayBeMapped(suffix: String)
    throws
  {
    let bundle = try TestBundle(suffix: suffix)
    bundle.addUserNamespace()
    for name in ["shown", "rootfs/one", "rootfs/two"] {
      try FileTree.ensureDirectory("\(bundle.directory)/\(name)", mode: 0o755)
    }
    bundle.spec.mounts.append(
      RuntimeMount(destination: "/one", type: "bind", source: "shown", options: ["bind"]))
    bundle.spec.mounts.append(
      RuntimeMount(
        destination: "/two", type: "bind", source: "\(bundle.rootfs)/one",
        options: ["bind", "idmap"]))
    bundle.shell("busybox stat -c %u /one /two")
    let outcome = try bundle.run()
    // Not every filesystem can; overlayfs on old kernels cannot.
    if outcome.errors.contains("map the ids of"), !outcome.errors.contains("o such file") { return }
    #expect(outcome.output == "65534\n0\n", "\(outcome.errors)")
  }

  @Test func sourcesOfTheContainerLeadNowhereElse() throws {
    let bundle = try TestBundle()
    try FileTree.makeLink("\(bundle.rootfs)/one", to: bundle.directory)
    bundle.spec.mounts.append(
      RuntimeMount(
        destination: "/two", type: "bind", source: "\(bundle.rootfs)/one", options: ["bind"]))
    bundle.shell("ls /two")
    #expect(try bundle.run().status == 1)
  }

  @Test func aContainerThatWaitsHasNothingOfTheHostOpen() throws {
    let bundle = try TestBundle()
    bundle.shell("true")
    let file = try OwnedDescriptor.open("/etc/hostname")
    let made = try bundle.oci(
      ["create", "--bundle", bundle.directory, bundle.id],
      inherited: [(9, file.raw)])
    #expect(made.status == 0, "\(made.errors)")
    let fds = "/proc/\(try bundle.state().pid)/fd"
    let open = try FileTree.list(fds).filter { Int($0).map { $0 > 2 } ?? false }.map {
      try FileTree.readLink("\(fds)/\($0)")
    }
    #expect(!open.isEmpty)
    #expect(open.allSatisfy { !$0.hasPrefix("/") }, "\(open)")
  }
}
