import LinuxSystem
import OCISpec
import Testing

/// Attacks that put something else in a place that the runtime is about to use.
@Suite(.enabled(if: RuntimeUnderTest.isUsable, "root, martlet-oci and busybox-static"))
struct RaceTests {
  /// CVE-2025-31133: what masks files is /dev/null, not whatever an image put there.
  @Test(arguments: ["ln -s /proc/sysrq-trigger null", "echo x > null", "mknod null c 1 5"])
  func filesAreMaskedByTheRealNull(plant: String) throws {
    let bundle = try TestBundle()
    let dev = "\(bundle.directory)/dev"
    try FileTree.ensureDirectory(dev)
    #expect(try bundle.host("cd \(dev) && \(plant)").status == 0)
    bundle.spec.mounts.removeAll { $0.destination.hasPrefix("/dev") }
    bundle.spec.mounts.append(
      RuntimeMount(destination: "/dev", type: "bind", source: dev, options: ["bind"]))
    bundle.spec.linux?.maskedPaths = ["/proc/keys"]
    bundle.shell("true")
    let outcome = try bundle.run()
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("/dev/null"))
  }

  /// CVE-2025-52565: the terminal is one of the container's own devpts.
  @Test func terminalsComeFromDevpts() throws {
    let bundle = try TestBundle()
    let pts = "\(bundle.directory)/pts"
    try FileTree.ensureDirectory(pts)
    // A multiplexer of the host: terminals of it are the host's.
    #expect(try bundle.host("mknod \(pts)/ptmx c 5 2 && touch \(pts)/0").status == 0)
    for index in bundle.spec.mounts.indices where bundle.spec.mounts[index].type == "devpts" {
      bundle.spec.mounts[index] = RuntimeMount(
        destination: "/dev/pts", type: "bind", source: pts, options: ["bind", "dev"])
    }
    bundle.spec.process?.terminal = true
    bundle.shell("true")
    let outcome = try bundle.run()
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("/dev/pts/ptmx"))
  }

  /// CVE-2016-9962: a process of the container that may trace others looks at all there are, over and
  /// over, while `exec` brings processes in.
  @Test func noProcessOnItsWayInCanBeTraced() throws {
    let bundle = try TestBundle()
    // A process that changes its user on the way is out of reach by that alone.
    bundle.addUserNamespace(from: 0)
    // With cgroups of the first version it stays longer on its way.
    bundle.spec.linux?.cgroupsPath = "/martlet-test-\(bundle.id)"
    bundle.giveCapabilities(["CAP_SYS_PTRACE"])
    try FileTree.setMode("\(bundle.rootfs)/tmp", 0o777)
    try bundle.start("while :; do ls -l /proc/[0-9]*/exe; done > /tmp/seen 2>&1")
    for _ in 0..<40 { #expect(try bundle.oci(["exec", bundle.id, "true"]).status == 0) }
    let seen = try FileTree.readText("\(bundle.rootfs)/tmp/seen", limit: 1 << 26)
    // Not the runtime's, whose file has a mount to itself and no name there.
    let programs = seen.split(separator: "\n").filter { $0.contains(" -> ") }
      .compactMap { $0.split(separator: " ").last }
    #expect(Set(programs) == ["/bin/busybox"])
  }

  /// CVE-2021-30465, CVE-2024-45310: a directory of a shared volume that is now a link out of the
  /// container, now a directory, thousands of times while mounts are made below it.
  @Test func mountsStayInsideWhileLinksComeAndGo() throws {
    let bundle = try TestBundle()
    let volume = "\(bundle.directory)/volume"
    let outside = "\(bundle.directory)/outside"
    for directory in [volume, "\(volume)/real", outside] {
      try FileTree.ensureDirectory(directory)
    }
    for name in ["a", "b", "c", "d"] { try FileTree.ensureDirectory("\(outside)/\(name)") }
    try FileTree.makeLink("\(volume)/out", to: outside)
    try FileTree.makeLink("\(volume)/place", to: "real")
    bundle.spec.mounts.append(
      RuntimeMount(destination: "/volume", type: "bind", source: volume, options: ["bind"]))
    for name in ["a", "b", "c", "d"] {
      bundle.spec.mounts.append(
        RuntimeMount(
          destination: "/volume/place/\(name)", type: "tmpfs", source: "tmpfs",
          options: ["size=4k"]))
    }
    // A mount that landed outside is not among the container's own.
    bundle.shell("busybox grep -c size=4k /proc/self/mountinfo")
    let command = try bundle.runCommand()
    // rename(2) puts each link in place at once; 100 for every turn of the shell's loop.
    let outcome = try bundle.host(
      """
      cd \(volume)
      (trap 'exit 0' TERM
       while :; do
         i=0
         while [ $i -lt 100 ]; do
           ln -s \(outside) new; mv -T new place; ln -s real new; mv -T new place
           i=$((i + 1)); echo $i >> \(bundle.directory)/flips
         done
       done) & flipper=$!
      for turn in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do \(command)-$turn || :; done > ../seen
      kill $flipper; wait $flipper
      sort -u ../seen; find \(outside) -mindepth 2; grep -c ' \(outside)' /proc/self/mountinfo
      """)
    #expect(outcome.output == "4\n0\n", "\(outcome.errors)")
  }

  /// CVE-2026-30892, CVE-2024-40635: ids that almost parse, or are one too large.
  @Test(arguments: [
    "4294967296", "4294967295", "2147483648000", "-1", "+1", " 1", "1 ", "0x1", "1:", ":1", "1:-1",
    "", "root", "1:4294967296",
  ])
  func usersAreExactNumbers(user: String) throws {
    let bundle = try TestBundle()
    try bundle.start("sleep 1000")
    let outcome = try bundle.oci(["exec", "--user", user, bundle.id, "id", "-u"])
    #expect(outcome.status != 0)
    #expect(outcome.output.isEmpty)
  }

  @Test(arguments: ["4294967296", "-1", "1e10", "\"0\"", "18446744073709551616"])
  func usersOfTheConfigurationFit(uid: String) throws {
    let bundle = try TestBundle()
    bundle.shell("id -u")
    let command = try bundle.runCommand()
    let outcome = try bundle.host(
      "sed -i 's/\"uid\":0/\"uid\":\(uid)/' \(bundle.directory)/config.json; \(command)")
    #expect(outcome.status == 1)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains("process.user.uid") || outcome.errors.contains("number"))
  }

  /// CVE-2023-25809: without a cgroup namespace the host's whole tree shows.
  @Test func hostCgroupsCannotBeWritten() throws {
    let bundle = try TestBundle()
    bundle.spec.linux?.namespaces.removeAll { $0.type == .cgroup }
    for index in bundle.spec.mounts.indices where bundle.spec.mounts[index].type == "cgroup" {
      bundle.spec.mounts[index].options = ["nosuid", "noexec", "nodev"]
    }
    bundle.shell(
      "for d in /sys/fs/cgroup /sys/fs/cgroup/*/; do mkdir $d/martlet-test && echo made; done")
    let outcome = try bundle.run()
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains("ead-only"))
  }
}
