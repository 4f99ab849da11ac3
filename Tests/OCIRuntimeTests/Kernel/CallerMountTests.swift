import LinuxSystem
import OCISpec
import Testing

/// More of what runc's integration tests found to be different.
@Suite(.enabled(if: RuntimeUnderTest.isUsable, "root, martlet-oci and busybox-static"))
struct CallerMountTests {
  /// A source below the container's root is what the mounts before have made of it, and so is a
  /// destination that is given by its path on the host.
  @Test(arguments: [false, true], ["", "-größere-bündel"])
  func sourcesMayBeMountsOfTheContainer(userNamespace: Bool, suffix: String) throws {
    let bundle = try TestBundle(suffix: suffix)
    if userNamespace {
      bundle.addUserNamespace()
    }
    for name in ["first", "second", "rootfs/one", "rootfs/two", "first/inner"] {
      try FileTree.ensureDirectory("\(bundle.directory)/\(name)", mode: 0o755)
    }
    try FileTree.write("\(bundle.directory)/second/file", "found\n", mode: 0o644)
    let mount = { (source: String, destination: String) in
      var mount = RuntimeMount()
      mount.destination = destination
      mount.type = "bind"
      mount.source = source
      mount.options = ["rbind"]
      return mount
    }
    bundle.spec.mounts += [
      mount("\(bundle.directory)/first", "/one"), mount("\(bundle.directory)/second", "/one/inner"),
      mount("\(bundle.rootfs)/one/inner", "\(bundle.rootfs)/two"),
    ]
    bundle.shell("cat /two/file")
    let outcome = try bundle.run()
    #expect(outcome.output == "found\n", "\(outcome.errors)")
  }

  @Test(arguments: ["/link", "/links/file"]) func filesMayBeMountedThroughDanglingLinks(
    destination: String
  ) throws {
    let bundle = try TestBundle()
    try FileTree.makeLink("\(bundle.rootfs)/link", to: "/tmp/of/link")
    try FileTree.makeLink("\(bundle.rootfs)/links", to: "tmp/of/links")
    var mount = RuntimeMount()
    mount.destination = destination
    mount.type = "bind"
    mount.source = "config.json"
    mount.options = ["bind"]
    bundle.spec.mounts.append(mount)
    bundle.shell("[ -s /tmp/of\(destination) ] && echo there")
    let outcome = try bundle.run()
    #expect(outcome.output == "there\n", "\(outcome.errors)")
  }

  @Test func withoutPivotingTheHostsProcIsHidden() throws {
    let bundle = try TestBundle()
    bundle.spec.process?.noNewPrivileges = false
    bundle.giveCapabilities(["CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID", "CAP_SETFCAP"])
    bundle.shell(
      """
      busybox unshare -mrpf sh -c 'busybox mount -t proc none /proc && echo mounted'
      ls /proc/self/exe
      """)
    let outcome = try bundle.run(["--no-pivot"])
    #expect(!outcome.output.contains("mounted"), "\(outcome.errors)")
    #expect(outcome.output.contains("/proc/self/exe"), "\(outcome)")
  }

  /// `idmap` without mappings means the container's user namespace, also one that it joins.
  @Test(arguments: [false, true]) func mapsIDsAsTheUserNamespaceDoes(joined: Bool) throws {
    let owner = try TestBundle()
    owner.addUserNamespace()
    let bundle = try TestBundle()
    bundle.spec.linux = owner.spec.linux
    if joined {
      try owner.start("sleep 1000")
      bundle.spec.linux?.namespaces.removeLast()
      bundle.spec.linux?.namespaces.append(
        RuntimeNamespace(.user, path: "/proc/\(try owner.state().pid)/ns/user"))
      bundle.spec.linux?.uidMappings = []
      bundle.spec.linux?.gidMappings = []
    }
    var mount = RuntimeMount(destination: "/tmp", type: "bind", source: "shown")
    mount.options = ["bind", "idmap"]
    bundle.spec.mounts.append(mount)
    try FileTree.ensureDirectory("\(bundle.directory)/shown", mode: 0o755)
    bundle.shell("busybox stat -c %u:%g /tmp")
    let outcome = try bundle.run()
    // Not every filesystem can; overlayfs on old kernels cannot.
    if outcome.errors.contains("mount_setattr id map of") { return }
    #expect(outcome.output == "0:0\n", "\(outcome.errors)")
  }

  /// What the host mounted read-only stays so for a container with a user namespace of its own,
  /// whatever that may do there.
  @Test func hostsFlagsAreLocked() throws {
    let bundle = try TestBundle()
    bundle.addUserNamespace(from: 0)
    bundle.giveCapabilities(["CAP_SYS_ADMIN"])
    var mount = RuntimeMount(destination: "/mnt", type: "bind", source: "shown")
    mount.options = ["bind"]
    bundle.spec.mounts.append(mount)
    try FileTree.ensureDirectory("\(bundle.directory)/shown", mode: 0o755)
    bundle.shell(
      """
      busybox mount -o remount,bind,rw /mnt 2>/dev/null && echo remounted
      busybox grep -c ' /mnt ro,' /proc/self/mountinfo
      """)
    let outcome = try bundle.host(
      """
      mount --bind \(bundle.directory)/shown \(bundle.directory)/shown
      mount -o remount,bind,ro \(bundle.directory)/shown
      \(try bundle.runCommand())
      """, in: ["/usr/bin/unshare", "--mount", "--propagation", "private"])
    #expect(outcome.output == "1\n", "\(outcome)")
  }

  @Test func killEndsWhatIsLeftOfSharedProcesses() throws {
    let bundle = try TestBundle()
    bundle.spec.linux?.namespaces.removeAll { $0.type == .pid }
    try bundle.start("sleep 1001 & echo $! > /tmp/other; sleep 1002")
    let other = try #require(Int32(try bundle.waitForText("/tmp/other")))
    let first = try bundle.state().pid
    try ProcessHandle.find(first)?.kill(9)
    try bundle.waitForEnd(first)
    #expect(try bundle.state().status == .stopped)
    #expect(try bundle.oci(["kill", bundle.id, "TERM"]).status == 1)
    #expect(try bundle.oci(["kill", bundle.id, "KILL"]).status == 0)
    try bundle.waitForEnd(other)
    #expect(ProcessHandle.startTime(other) == nil)
  }

  @Test func deleteEndsWhatIsLeftOfSharedProcesses() throws {
    let bundle = try TestBundle()
    bundle.spec.linux?.namespaces.removeAll { $0.type == .pid }
    try bundle.start("sleep 1001 & sleep 1001 & echo $! > /tmp/other; sleep 1002")
    let other = try #require(Int32(try bundle.waitForText("/tmp/other")))
    let first = try bundle.state().pid
    try ProcessHandle.find(first)?.kill(9)
    try bundle.waitForEnd(first)
    let outcome = try bundle.oci(["delete", bundle.id])
    #expect(outcome.status == 0, "\(outcome.errors)")
    try bundle.waitForEnd(other)
    #expect(ProcessHandle.startTime(other) == nil)
  }
}
