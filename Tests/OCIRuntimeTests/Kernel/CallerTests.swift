import LinuxSystem
import OCISpec
import Testing

/// What runc's integration tests found to be different.
@Suite(.enabled(if: RuntimeUnderTest.isUsable, "root, martlet-oci and busybox-static"))
struct CallerTests {
  @Test(arguments: [
    (["A=1", "B=2", "A=3"], "A=3\nB=2\nHOME=/root\n"), (["HOME="], "HOME=/root\n"),
    (["HOME=", "HOME=/x"], "HOME=/x\n"), (["HOME=/x", "HOME="], "HOME=/root\n"),
  ])
  func environmentHasEachNameOnce(given: [String], seen: String) throws {
    let bundle = try TestBundle()
    bundle.spec.process?.env = given
    bundle.spec.process?.args = ["/bin/env"]
    #expect(try bundle.run().output == seen)
  }

  @Test func startContainerHooksHaveTheProcessEnvironment() throws {
    let bundle = try TestBundle()
    bundle.spec.process?.env.append("OF_THE_PROCESS=yes")
    var hooks = RuntimeHooks()
    hooks.startContainer = [
      RuntimeHook(path: "/bin/sh", args: ["sh", "-c", "echo $OF_THE_PROCESS $HOME > /tmp/hook"])
    ]
    bundle.spec.hooks = hooks
    bundle.shell("cat /tmp/hook")
    #expect(try bundle.run().output == "yes /root\n")
  }

  @Test(arguments: [(0o750 as UInt32, 0 as Int32), (0o640, 1)])
  func aCapabilityPassesOverModes(mode: UInt32, status: Int32) throws {
    let bundle = try TestBundle()
    bundle.spec.process?.user = RuntimeUser(uid: 5, gid: 6)
    let names = ["CAP_DAC_OVERRIDE"]
    bundle.spec.process?.capabilities = RuntimeCapabilities(
      bounding: names, effective: names, inheritable: names, permitted: names, ambient: names)
    try FileTree.setMode("\(bundle.rootfs)/bin/busybox", mode)
    bundle.spec.process?.args = ["/bin/true"]
    #expect(try bundle.run().status == status)
  }

  @Test func killEndsAllWhereProcessesAreShared() throws {
    let bundle = try TestBundle()
    bundle.spec.linux?.namespaces.removeAll { $0.type == .pid }
    try bundle.start("sleep 1001 & echo $! > /tmp/other; sleep 1002")
    let other = try #require(Int32(try bundle.waitForText("/tmp/other")))
    #expect(try bundle.oci(["kill", bundle.id, "KILL"]).status == 0)
    try bundle.waitForEnd(other)
    #expect(ProcessHandle.startTime(other) == nil)
  }

  @Test func executedProcessesHaveThePersonality() throws {
    let bundle = try TestBundle()
    var personality = RuntimePersonality()
    personality.domain = .linux32
    bundle.spec.linux?.personality = personality
    try bundle.start("sleep 1000")
    #expect(try bundle.oci(["exec", bundle.id, "busybox", "uname", "-m"]).output == "i686\n")
  }

  @Test func devMayBeReadOnly() throws {
    let bundle = try TestBundle()
    for index in bundle.spec.mounts.indices where bundle.spec.mounts[index].destination == "/dev" {
      bundle.spec.mounts[index].options.append("ro")
    }
    bundle.shell("echo > /dev/null && ls /dev/pts/ptmx; mkdir /dev/x 2>/dev/null || echo refused")
    let outcome = try bundle.run()
    #expect(outcome.output == "/dev/pts/ptmx\nrefused\n", "\(outcome.errors)")
  }

  @Test func joinsNamespacesThatTheUserNamespaceDoesNotOwn() throws {
    let holder = try TestBundle()
    try holder.start("sleep 1000")
    let bundle = try TestBundle()
    let owner = try TestBundle()
    owner.addUserNamespace()
    try owner.start("sleep 1000")
    let foreign = "/proc/\(try holder.state().pid)/ns"
    bundle.spec.linux?.namespaces.removeAll { $0.type == .network || $0.type == .uts }
    bundle.spec.linux?.namespaces += [
      RuntimeNamespace(.user, path: "/proc/\(try owner.state().pid)/ns/user"),
      RuntimeNamespace(.network, path: "\(foreign)/net"),
      RuntimeNamespace(.uts, path: "\(foreign)/uts"),
    ]
    bundle.spec.hostname = nil
    bundle.spec.linux?.uidMappings = owner.spec.linux?.uidMappings ?? []
    bundle.spec.linux?.gidMappings = owner.spec.linux?.gidMappings ?? []
    bundle.shell("readlink /proc/self/ns/net; readlink /proc/self/ns/uts")
    let expected = ["net", "uts"].map { (try? FileTree.readLink("\(foreign)/\($0)")) ?? "" }
    let outcome = try bundle.run()
    #expect(outcome.output == expected.map { $0 + "\n" }.joined(), "\(outcome.errors)")
  }

  /// The kernel keeps signals without a handler from the first process of a pid namespace.
  @Test(arguments: ["HUP", "INT", "QUIT", "TERM", "KILL"], [true, false])
  func signalsEndAContainerThatWaits(signal: String, ownPIDs: Bool) throws {
    let bundle = try TestBundle()
    if !ownPIDs { bundle.spec.linux?.namespaces.removeAll { $0.type == .pid } }
    bundle.shell("true")
    #expect(try bundle.oci(["create", "--bundle", bundle.directory, bundle.id]).status == 0)
    let pid = try bundle.state().pid
    #expect(try bundle.oci(["kill", bundle.id, signal]).status == 0)
    try bundle.waitForEnd(pid)
    #expect(try bundle.state().status == .stopped)
  }

  /// Where nobody else's process can be looked at, and one's own only if it lets.
  @Test func unprivilegedExecEntersAContainerThatWaits() throws {
    let bundle = try TestBundle()
    bundle.shell("sleep 1000")
    _ = try bundle.oci(["state", bundle.id])
    let runtime = "\(RuntimeUnderTest.path ?? "") --root \(bundle.directory)/state"
    let outcome = try bundle.hostAsOrdinaryUser(
      """
      \(runtime) create --bundle \(bundle.directory) \(bundle.id)
      \(runtime) exec \(bundle.id) sh -c 'id -u; readlink /proc/1/exe || echo hidden'
      \(runtime) start \(bundle.id)
      \(runtime) exec \(bundle.id) id -u
      \(runtime) delete --force \(bundle.id)
      """)
    #expect(outcome.output == "0\nhidden\n0\n", "\(outcome)")
  }

  /// Bound devices cannot be taken away again, so a multiplexer that is asked for is not made first.
  @Test(arguments: [false, true]) func theMultiplexerIsTheContainers(inNamespace: Bool) throws {
    let bundle = try TestBundle(inNamespace: inNamespace)
    bundle.spec.linux?.devices = [
      RuntimeDevice(.character, path: "/dev/ptmx", major: 5, minor: 2)
    ]
    bundle.shell("readlink /dev/ptmx; busybox stat -L -c %t:%T /dev/ptmx")
    let outcome = try bundle.run()
    #expect(outcome.output == "pts/ptmx\n5:2\n", "\(outcome.errors)")
  }

  /// Callers ask for the state until there is one, and then start the container.
  @Test func aContainerThatIsBeingMadeHasNoState() throws {
    let bundle = try TestBundle()
    bundle.shell("true")
    let runtime = "\(RuntimeUnderTest.path ?? "") --root \(bundle.directory)/state"
    var hook = RuntimeHook(path: "/bin/sh")
    hook.args = [
      "sh", "-c",
      "\(runtime) state \(bundle.id) > \(bundle.directory)/hook 2>&1; echo $? >> \(bundle.directory)/hook",
    ]
    bundle.spec.hooks = RuntimeHooks()
    bundle.spec.hooks?.createRuntime = [hook]
    let made = try bundle.oci(["create", "--bundle", bundle.directory, bundle.id])
    #expect(made.status == 0, "\(made.errors)")
    #expect(
      try FileTree.readText("\(bundle.directory)/hook")
        == "martlet-oci: error: container `\(bundle.id)` is creating, not created\n1\n")
    #expect(try bundle.state().status == .created)
  }
}

extension TestBundle {
  /// Waits until the container has written a line to `path` in its /tmp.
  func waitForText(_ path: String) throws -> String {
    let wait = "until [ -s \(path) ]; do sleep 0.05; done; cat \(path)"
    return try oci(["exec", id, "sh", "-c", wait]).output.trimmingNewline
  }
}

extension String {
  fileprivate var trimmingNewline: String { String(prefix { $0 != "\n" }) }
}
