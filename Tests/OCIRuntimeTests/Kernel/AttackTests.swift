import LinuxSystem
import OCISpec
import Testing

/// Known ways out of a container, tried.
@Suite(.enabled(if: RuntimeUnderTest.isUsable, "root, martlet-oci and busybox-static"))
struct AttackTests {
  /// CVE-2019-5736: the runtime's file as /proc/PID/exe of its init stage.
  @Test(.enabled(if: !RuntimeUnderTest.isReference), arguments: [false, true])
  func runtimeCannotBeOverwritten(inNamespace: Bool) throws {
    let bundle = try TestBundle(inNamespace: inNamespace)
    bundle.shell("true")
    let made = try bundle.oci(["create", "--bundle", bundle.directory, bundle.id])
    #expect(made.status == 0, "\(made.errors)")
    let state = "\(bundle.directory)/state/\(bundle.id)/state.json"
    guard case .object(let record) = try JSONValue(parsing: try FileTree.read(state)),
      case .integer(let pid)? = record.find("pid")
    else {
      Issue.record("no pid")
      return
    }
    let error = #expect(throws: SystemError.self) {
      // Truncation asks the mount first, writing alone the file; nothing can come of it while the
      // init stage still runs from the file.
      _ = try OwnedDescriptor.open("/proc/\(pid)/exe", [.writeOnly, .truncate])
    }
    // Read-only, not merely busy: busy ends when the process does.
    #expect(error?.errno == Errno.readOnly)
  }

  /// CVE-2024-21626: a leaked directory as working directory.
  @Test(arguments: [3, 4, 5, 6, 7, 8, 9, 10, 16, 32, 64])
  func workingDirectoryIsInside(number: Int) throws {
    let bundle = try TestBundle()
    bundle.spec.process?.cwd = "/proc/self/fd/\(number)"
    bundle.shell("ls ../../../../etc")
    let host = try OwnedDescriptor.open("/etc", [.directory])
    let outcome = try bundle.oci(
      ["run", "--bundle", bundle.directory, bundle.id], inherited: [(Int32(number), host.raw)])
    #expect(outcome.status != 0)
  }

  /// The same for the program: execve(2) follows its path before it closes anything.
  @Test(arguments: [3, 4, 5, 6, 7, 8, 9, 10, 16, 32, 64])
  func programIsInside(number: Int) throws {
    let bundle = try TestBundle()
    let host = try OwnedDescriptor.open("/bin", [.directory])
    bundle.spec.process?.args = ["/proc/self/fd/\(number)/busybox", "true"]
    let outcome = try bundle.oci(
      ["run", "--bundle", bundle.directory, bundle.id], inherited: [(Int32(number), host.raw)])
    #expect(outcome.status != 0)
  }

  @Test func descriptorsDoNotLeak() throws {
    let bundle = try TestBundle()
    bundle.shell("for f in /proc/self/fd/*; do readlink $f; done")
    let host = try OwnedDescriptor.open("/etc", [.directory])
    let outcome = try bundle.oci(
      ["run", "--bundle", bundle.directory, bundle.id],
      inherited: [(3, host.raw), (9, host.raw), (50, host.raw)])
    #expect(outcome.status == 0 || outcome.status == 1)
    #expect(!outcome.output.contains("/etc"))
    let kept = try bundle.oci(
      ["run", "--bundle", bundle.directory, "--preserve-fds", "1", bundle.id],
      inherited: [(3, host.raw), (9, host.raw)])
    #expect(kept.output.split(separator: "\n").filter { $0 == "/etc" }.count == 1)
  }

  /// CVE-2026-41579, CVE-2026-47766: an image whose /dev points out.
  @Test(arguments: [true, false]) func devCannotPointOut(hasMount: Bool) throws {
    let bundle = try TestBundle()
    if !hasMount { bundle.spec.mounts.removeAll { $0.destination.hasPrefix("/dev") } }
    let outside = "\(bundle.directory)/outside"
    try FileTree.ensureDirectory(outside)
    try FileTree.removeDirectory("\(bundle.rootfs)/dev")
    try FileTree.makeLink("\(bundle.rootfs)/dev", to: outside)
    bundle.shell("true")
    _ = try bundle.run()
    #expect(try FileTree.list(outside).isEmpty)
  }

  /// CVE-2026-55686: an image whose working directory is to be made, behind a link.
  @Test func workingDirectoriesAreMadeInside() throws {
    let bundle = try TestBundle()
    let outside = "\(bundle.directory)/outside"
    try FileTree.ensureDirectory(outside)
    try FileTree.makeLink("\(bundle.rootfs)/link", to: outside)
    bundle.spec.process?.cwd = "/link/made/here"
    bundle.shell("true")
    _ = try bundle.run()
    #expect(try FileTree.list(outside).isEmpty)
  }

  /// CVE-2024-9676: passwd(5), where the home directory is looked up, may be anything.
  @Test(arguments: [
    "mkfifo passwd", "mkdir passwd", "ln -s /dev/zero passwd", "ln -s passwd passwd",
    "{ echo root:x:0:0:root:/huge:/bin/sh && truncate -s 4G /dev/stdout; } > passwd",
  ])
  func passwdCannotHoldUp(made: String) throws {
    let bundle = try TestBundle()
    bundle.spec.process?.env = ["PATH=/bin"]
    bundle.shell("echo $HOME")
    let prepared = try bundle.host("cd \(bundle.rootfs)/etc && rm passwd && \(made)")
    #expect(prepared.status == 0, "\(prepared.errors)")
    let outcome = try bundle.host("timeout -s KILL 30 \(try bundle.runCommand())")
    #expect(outcome.output == "/\n", "\(outcome)")
  }

  @Test(arguments: ["/link/sub", "/link", "/up"]) func mountsStayInside(destination: String) throws
  {
    let bundle = try TestBundle()
    let outside = "\(bundle.directory)/outside"
    try FileTree.ensureDirectory(outside)
    try FileTree.makeLink("\(bundle.rootfs)/link", to: outside)
    try FileTree.makeLink("\(bundle.rootfs)/up", to: "../../../..\(outside)/new")
    bundle.spec.mounts.append(
      RuntimeMount(
        destination: destination, type: "tmpfs", source: "tmpfs", options: ["size=64k"]))
    bundle.shell("echo x > \(destination)/file")
    let outcome = try bundle.run()
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try FileTree.list(outside).isEmpty)
  }

  /// CVE-2019-16884: something else in the place of procfs.
  @Test(arguments: ["/proc", "/proc/self/attr", "/proc/sys"])
  func procfsCannotBeReplaced(destination: String) throws {
    let bundle = try TestBundle()
    let source = "\(bundle.directory)/fake"
    try FileTree.ensureDirectory(source)
    bundle.spec.mounts.append(
      RuntimeMount(
        destination: destination, type: "bind", source: source, options: ["bind"]))
    bundle.shell("true")
    #expect(try bundle.run().status != 0)
  }

  /// CVE-2019-19921, CVE-2023-27561: an image whose /proc or /sys is a link.
  @Test(arguments: ["proc", "sys"]) func kernelFilesystemsReplaceNoLink(name: String) throws {
    let bundle = try TestBundle()
    try FileTree.removeDirectory("\(bundle.rootfs)/\(name)")
    try FileTree.ensureDirectory("\(bundle.rootfs)/elsewhere")
    try FileTree.makeLink("\(bundle.rootfs)/\(name)", to: "/elsewhere")
    bundle.shell("true")
    let outcome = try bundle.run()
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("must be mounted on ordinary directory"))
  }

  /// CVE-2022-29162: capabilities that a later program would inherit.
  @Test func inheritableSetIsEmpty() throws {
    let bundle = try TestBundle()
    try bundle.start("cat /proc/self/status > /tmp/status; sleep 1000")
    let outcome = try bundle.oci(["exec", bundle.id, "cat", "/proc/self/status"])
    #expect(outcome.output.contains("CapInh:\t0000000000000000"))
    #expect(outcome.output.contains("CapEff:\t0000000020000420"))
    #expect(outcome.output.contains("NoNewPrivs:\t1"))
    let first = try bundle.oci(["exec", bundle.id, "cat", "/tmp/status"])
    #expect(first.output.contains("CapInh:\t0000000000000000"))
  }

  /// CVE-2022-2989 and its like: groups of the caller.
  @Test func supplementaryGroupsAreTheSpecifications() throws {
    let bundle = try TestBundle()
    bundle.spec.process?.user = RuntimeUser(uid: 5, gid: 6, additionalGids: [7, 8])
    bundle.shell("id -G")
    #expect(try bundle.run().output == "6 7 8\n")
  }

  @Test func hidesAndProtectsKernelFiles() throws {
    let bundle = try TestBundle()
    bundle.shell(
      """
      cat /proc/kcore /proc/keys | busybox wc -c; ls /sys/firmware | busybox wc -l
      (echo 1 > /proc/sys/vm/swappiness) 2>/dev/null || echo refused
      (echo c > /proc/sysrq-trigger) 2>/dev/null || echo refused
      mkdir /sys/fs/cgroup/x 2>/dev/null || echo refused
      """)
    #expect(try bundle.run().output == "0\n0\nrefused\nrefused\nrefused\n")
  }

  @Test func filterAnswersTheProcess() throws {
    let bundle = try TestBundle()
    bundle.spec.linux?.seccomp = RuntimeSeccomp(
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [
        RuntimeSyscallRule(
          ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: UInt32(Errno.noSpace))
      ])
    bundle.shell("mkdir /tmp/a")
    let outcome = try bundle.run()
    #expect(outcome.status != 0)
    #expect(outcome.errors.contains("No space left"))
  }

  @Test(arguments: [
    "/proc/self/status", "/dev/null",
  ]) func brokenConfigurationLeavesNothing(file: String) throws {
    let bundle = try TestBundle()
    bundle.spec.mounts.append(
      RuntimeMount(destination: "/x", type: "nosuchfs", source: file))
    let outcome = try bundle.run()
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("nosuchfs"))
    #expect(try bundle.oci(["state", bundle.id]).status == 1)
  }
}

/// The runtime's own file, for callers without privileges.
@Suite(.enabled(if: RuntimeUnderTest.isUsable, "root, martlet-oci and busybox-static"))
struct OwnFileTests {
  /// A file of root's is nothing that a user's container could change: it is run as it is, and busy.
  ///
  /// A file of the user's own is run from a copy of its mount that nobody can write through.
  @Test(arguments: [(0 as UInt32, 26 as Int32), (65_533 as UInt32, Errno.readOnly)])
  func ordinaryUsersCannotOverwriteIt(owner: UInt32, errno: Int32) throws {
    let bundle = try TestBundle()
    let program = "\(bundle.directory)/martlet-oci"
    let source = try #require(RuntimeUnderTest.path)
    bundle.shell("true")
    _ = try bundle.oci(["list"])
    let prepared = try bundle.host(
      "cp \(source) \(program) && chown \(owner) \(program) && chmod 755 \(program)")
    #expect(prepared.status == 0)
    let made = try bundle.hostAsOrdinaryUser(
      """
      \(program) --root \(bundle.directory)/state create --bundle \(bundle.directory) \(bundle.id)
      """)
    #expect(made.status == 0, "\(made.errors)")
    let pid = try bundle.state().pid
    let error = #expect(throws: SystemError.self) {
      _ = try OwnedDescriptor.open("/proc/\(pid)/exe", [.writeOnly, .truncate])
    }
    #expect(error?.errno == errno)
  }
}
