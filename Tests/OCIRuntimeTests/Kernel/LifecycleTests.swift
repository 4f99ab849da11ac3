import LinuxSystem
import OCISpec
import Testing

@Suite(.enabled(if: RuntimeUnderTest.isUsable, "root, martlet-oci and busybox-static"))
struct LifecycleTests {
  @Test(arguments: [false, true]) func runsAProcessAndPassesItsStatus(inNamespace: Bool) throws {
    let bundle = try TestBundle(inNamespace: inNamespace)
    bundle.shell("echo $PPID $$; id -u; cat /proc/sys/kernel/hostname; echo err >&2; exit 7")
    let outcome = try bundle.run()
    #expect(outcome.status == 7)
    #expect(outcome.output == "0 1\n0\ntest\n")
    #expect(outcome.errors == "err\n")
    #expect(try FileTree.list("\(bundle.directory)/state").filter { $0.hasPrefix("t") }.isEmpty)
  }

  @Test func goesThroughTheStates() throws {
    let bundle = try TestBundle()
    bundle.shell("sleep 1000")
    let pidFile = "\(bundle.directory)/pid"
    let made = try bundle.oci(
      ["create", "--bundle", bundle.directory, "--pid-file", pidFile, bundle.id])
    #expect(made.status == 0, "\(made.errors)")
    let created = try bundle.state()
    #expect(created.status == .created)
    #expect(created.bundle == bundle.directory)
    #expect(try FileTree.readText(pidFile) == "\(created.pid)")
    #expect(try bundle.oci(["create", "--bundle", bundle.directory, bundle.id]).status == 1)
    #expect(try bundle.oci(["start", bundle.id]).status == 0)
    #expect(try bundle.state().status == .running)
    #expect(try bundle.oci(["start", bundle.id]).status == 1)
    #expect(try bundle.oci(["delete", bundle.id]).status == 1)
    #expect(try bundle.oci(["kill", bundle.id, "KILL"]).status == 0)
    try bundle.waitForEnd(created.pid)
    #expect(try bundle.state().status == .stopped)
    #expect(try bundle.oci(["kill", bundle.id, "KILL"]).status == 1)
    #expect(try bundle.oci(["delete", bundle.id]).status == 0)
    #expect(try bundle.oci(["state", bundle.id]).status == 1)
    #expect(try bundle.oci(["delete", "--force", bundle.id]).status == 0)
  }

  @Test(arguments: [
    (["nosuchcommand"], "executable file `nosuchcommand` not found in $PATH"),
    (["/etc/passwd"], "ermission denied"),
  ])
  func reportsWhatCannotBeRun(args: [String], message: String) throws {
    let bundle = try TestBundle()
    bundle.spec.process?.args = args
    let made = try bundle.oci(["create", "--bundle", bundle.directory, bundle.id])
    #expect(made.status == 1)
    #expect(made.errors.contains(message))
    #expect(try bundle.oci(["state", bundle.id]).status == 1)
  }

  @Test(arguments: ["../x", "a/b", "..", ""]) func refusesIDs(id: String) throws {
    let bundle = try TestBundle()
    #expect(try bundle.oci(["run", "--bundle", bundle.directory, id]).status == 1)
  }

  @Test func runsHooksInOrderAndPlace() throws {
    let bundle = try TestBundle()
    let log = "\(bundle.directory)/hooks"
    let hook = { (name: String) in
      RuntimeHook(
        path: "/bin/sh",
        args: ["sh", "-c", "read -r line; printf '%s ' \(name) >> \(log)"])
    }
    var hooks = RuntimeHooks()
    hooks.prestart = [hook("prestart")]
    hooks.createRuntime = [hook("createRuntime")]
    hooks.createContainer = [hook("createContainer")]
    hooks.poststart = [hook("poststart")]
    hooks.poststop = [hook("poststop")]
    hooks.startContainer = [
      RuntimeHook(path: "/bin/sh", args: ["sh", "-c", "cat > /tmp/state"])
    ]
    bundle.spec.hooks = hooks
    bundle.shell("cat /tmp/state")
    let outcome = try bundle.run()
    #expect(outcome.output.contains(bundle.id))
    #expect(
      try FileTree.readText(log)
        == "prestart createRuntime createContainer poststart poststop ")
  }

  @Test func failingHookLeavesNothing() throws {
    let bundle = try TestBundle()
    bundle.spec.hooks = RuntimeHooks()
    bundle.spec.hooks?.createRuntime = [RuntimeHook(path: "/bin/false", args: ["false"])]
    #expect(try bundle.run().status == 1)
    #expect(try bundle.oci(["state", bundle.id]).status == 1)
  }

  @Test func executesFurtherProcesses() throws {
    let bundle = try TestBundle()
    try bundle.start("sleep 1000")
    let outcome = try bundle.oci([
      "exec", "--user", "1000:1001", "--cwd", "/tmp", "--env", "A=b", bundle.id, "sh", "-c",
      "id -u; id -g; pwd; echo $A; cat /proc/sys/kernel/hostname; exit 9",
    ])
    #expect(outcome.status == 9)
    #expect(outcome.output == "1000\n1001\n/tmp\nb\ntest\n")
    #expect(try bundle.oci(["exec", bundle.id, "nosuch"]).status != 0)
  }

  @Test func pausesAndResumes() throws {
    let bundle = try TestBundle()
    try bundle.start("sleep 1000")
    let paused = try bundle.oci(["pause", bundle.id])
    guard paused.status == 0 else {
      #expect(paused.errors.contains("cgroup"))
      return
    }
    #expect(try bundle.state().status == .paused)
    #expect(try bundle.oci(["resume", bundle.id]).status == 0)
    #expect(try bundle.state().status == .running)
  }

  @Test func mapsIDsOfAUserNamespaceAndOffsetsClocks() throws {
    let bundle = try TestBundle()
    bundle.addUserNamespace(size: 1_000)
    bundle.shell("cat /proc/self/uid_map; id -u")
    let outcome = try bundle.run()
    #expect(outcome.output.split { $0 == " " || $0 == "\n" } == ["0", "100000", "1000", "0"])
  }
}
