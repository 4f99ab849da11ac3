import LinuxSystem
import OCISpec
import Testing

@Suite(.enabled(if: RuntimeUnderTest.isUsable, "root, martlet-oci and busybox-static"))
struct FieldTests {
  /// For the processes of `exec`, too.
  @Test func memoryPolicyHolds() throws {
    let bundle = try TestBundle()
    // A kernel without NUMA has neither the call nor the file.
    guard FileTree.exists("/proc/self/numa_maps") else { return }
    var policy = RuntimeMemoryPolicy()
    policy.mode = "MPOL_BIND"
    policy.nodes = "0"
    policy.flags = ["MPOL_F_RELATIVE_NODES"]
    bundle.spec.linux?.memoryPolicy = policy
    let look = "busybox head -n 1 /proc/self/numa_maps | busybox cut -d ' ' -f 2"
    try bundle.start("\(look) > /tmp/policy; sleep 1000")
    #expect(try bundle.waitForText("/tmp/policy") == "bind=relative:0")
    let executed = try bundle.oci(["exec", bundle.id, "sh", "-c", look])
    #expect(executed.output == "bind=relative:0\n", "\(executed.errors)")
  }

  @Test func killingAStoppedContainerSaysWhatContainerdExpects() throws {
    let bundle = try TestBundle()
    bundle.shell("true")
    #expect(try bundle.run(["--keep"]).status == 0)
    let outcome = try bundle.oci(["kill", bundle.id, "TERM"])
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("container not running: `\(bundle.id)`"))
    #expect(try bundle.oci(["kill", "--all", bundle.id, "0"]).status == 0)
    #expect(try bundle.oci(["delete", bundle.id]).status == 0)
    let without = ["--cgroup-manager", "disabled"]
    #expect(
      try bundle.oci(without + ["run", "--keep", "--bundle", bundle.directory, bundle.id]).status
        == 0)
    #expect(try bundle.oci(without + ["kill", "--all", bundle.id, "TERM"]).status == 0)
  }

  @Test(arguments: [
    (#"{"linux":{"intelRdt":{"closID":"a/b"}}}"#, "linux.intelRdt"),
    (#"{"linux":{"netDevices":{"eth9":{"name":"a/b"}}}}"#, "linux.netDevices.eth9"),
    (#"{"linux":{"memoryPolicy":{"mode":"MPOL_X"}}}"#, "linux.memoryPolicy.mode"),
    (#"{"linux":{"mountLabel":"a:b:c:s0"}}"#, "linux.mountLabel"),
    (#"{"linux":{"personality":{"domain":"LINUX","flags":["X"]}}}"#, "linux.personality.flags"),
  ]) func whatCannotBeIsNamed(change: String, field: String) throws {
    let bundle = try TestBundle()
    let changed = try RuntimeSpecPatch(parsing: Array(change.utf8))
    changed.apply(to: &bundle.spec)
    let outcome = try bundle.run()
    // Where the kernel has it, the field works instead.
    #expect(outcome.status == 0 || outcome.errors.contains("\(field): "), "\(outcome.errors)")
    #expect(try bundle.oci(["list", "-q"]).output.isEmpty)
  }

  @Test func limitsAreSetAndChanged() throws {
    let bundle = try TestBundle()
    var resources = RuntimeResources()
    var memory = RuntimeMemory()
    memory.limit = 64 << 20
    resources.memory = memory
    resources.pids = RuntimePids(limit: 20)
    bundle.spec.linux?.resources = resources
    bundle.spec.linux?.cgroupsPath = "/martlet-test-\(bundle.id)"
    bundle.shell("sleep 1000")
    let made = try bundle.oci(["create", "--bundle", bundle.directory, bundle.id])
    // A host that delegates no controllers says so, by field.
    guard made.status == 0 else {
      #expect(made.errors.contains("linux.resources."), "\(made.errors)")
      return
    }
    let places = ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"].map { "\($0)/martlet-test-\(bundle.id)" }
    let place = try #require(places.first { FileTree.exists("\($0)/pids.max") })
    #expect(try FileTree.readText("\(place)/pids.max") == "20\n")
    #expect(try bundle.oci(["update", "--pids-limit", "30", bundle.id]).status == 0)
    #expect(try FileTree.readText("\(place)/pids.max") == "30\n")
    let refused = try bundle.oci(["update", "--memory", "-5", "--cpuset-cpus", "9999", bundle.id])
    #expect(refused.status == 1)
    #expect(refused.errors.contains("linux.resources."))
    #expect(try bundle.oci(["delete", "--force", bundle.id]).status == 0)
    #expect(!FileTree.exists(place))
  }
}

/// Fields of a configuration to be replaced by what a document has.
private struct RuntimeSpecPatch: JSONRecord {
  var linux = RuntimeLinux()

  mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("linux", &linux)
  }

  func apply(to spec: inout RuntimeSpec) {
    if let rdt = linux.intelRdt { spec.linux?.intelRdt = rdt }
    if !linux.netDevices.isEmpty { spec.linux?.netDevices = linux.netDevices }
    if let policy = linux.memoryPolicy { spec.linux?.memoryPolicy = policy }
    if let label = linux.mountLabel { spec.linux?.mountLabel = label }
    if let persona = linux.personality { spec.linux?.personality = persona }
  }
}
