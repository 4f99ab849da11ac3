import LinuxSystem
import Model
import OCISpec
import Testing

@testable import OCIRuntime

/// A directory that looks like resctrl; only the kernel's own makes files appear in new groups.
@Suite struct ResourceGroupTests {
  private func makeRoot() throws -> String {
    let root = "/tmp/martlet-resctrl-\(CurrentProcess.id)-\(Clock.monotonic())"
    try FileTree.ensureDirectory("\(root)/known")
    for file in ["schemata", "known/schemata", "known/tasks"] {
      try FileTree.write("\(root)/\(file)", "")
    }
    return root
  }

  private func rdt(_ json: String) throws -> RuntimeIntelRDT {
    try RuntimeIntelRDT(parsing: Array(json.utf8))
  }

  @Test func joinsAKnownGroupAndLeavesIt() throws {
    let root = try makeRoot()
    defer { try? FileTree.removeTree(root) }
    let group = try ResourceGroup(
      try rdt(#"{"closID":"known","schemata":["L3:0=f"],"memBwSchema":"MB:0=50"}"#), id: "c",
      root: root)
    #expect(try group.join(42) == nil)
    #expect(try FileTree.readText("\(root)/known/tasks") == "42")
    #expect(try FileTree.readText("\(root)/known/schemata") == "L3:0=f\nMB:0=50\n")
  }

  @Test func aGroupOfItsOwnGoesWithTheContainer() throws {
    let root = try makeRoot()
    defer { try? FileTree.removeTree(root) }
    let own = try ResourceGroup(
      try rdt(#"{"closID":"known","enableMonitoring":true}"#), id: "c", root: root)
    #expect(try own.join(42) == "\(root)/known/mon_groups/c")
    #expect(try FileTree.readText("\(root)/known/mon_groups/c/tasks") == "42")
    #expect(try ResourceGroup(try rdt("{}"), id: "c", root: root).directory == "\(root)/c")
    try ResourceGroup.remove("\(root)/gone")
  }

  @Test(arguments: ["../x", "", ".", "a/b"]) func refusesNames(name: String) throws {
    let root = try makeRoot()
    defer { try? FileTree.removeTree(root) }
    var rdt = RuntimeIntelRDT()
    rdt.closID = name
    #expect(throws: RuntimeError.self) { try ResourceGroup(rdt, id: "c", root: root) }
  }

  @Test func saysWhereResctrlWouldBe() throws {
    let error = #expect(throws: RuntimeError.self) {
      try ResourceGroup(RuntimeIntelRDT(), id: "c", root: "/nonexistent")
    }
    #expect(error?.report.message.hasPrefix("linux.intelRdt: ") == true)
  }

  @Test func readsMemoryPolicies() throws {
    let text = #"{"mode":"MPOL_BIND","nodes":"0,2","flags":["MPOL_F_STATIC_NODES"]}"#
    let plan = try MemoryPolicyPlan(try RuntimeMemoryPolicy(parsing: Array(text.utf8)))
    #expect(plan.mode == 2 | 1 << 15)
    #expect(plan.nodes.first == 5)
    #expect(plan.nodes.dropFirst().allSatisfy { $0 == 0 })
    var other = RuntimeMemoryPolicy()
    other.mode = "MPOL_NONE"
    #expect(throws: RuntimeError.self) { try MemoryPolicyPlan(other) }
  }
}
