import LinuxSystem
import OCISpec
import Testing
import UserNamespaces

@testable import OCIRuntime

@Suite struct PlanTests {
  struct OptionCase: Sendable {
    var options: [String]
    var set: MountCall.Attributes = []
    var clear: MountCall.Attributes = []
  }

  @Test(arguments: [
    OptionCase(options: ["ro"], set: .readOnly),
    OptionCase(options: ["ro", "rw"], clear: .readOnly),
    OptionCase(options: ["nosuid", "nodev"], set: [.noSetID, .noDevices]),
    OptionCase(options: ["noatime"], set: .noAccessTime, clear: .accessTimeModes),
    OptionCase(options: ["defaults"]),
  ])
  func sortsMountOptions(given: OptionCase) throws {
    let mount = RuntimeMount(
      destination: "/a", type: "bind", source: "/b", options: given.options + ["rbind"])
    let plan = try MountPlan(mount, index: 0, bundle: "/bundle")
    #expect(plan.kind == .bind(recursive: true))
    #expect(plan.set == given.set)
    #expect(plan.clear == given.clear)
    #expect(plan.data.isEmpty)
  }

  @Test func separatesWordsFromData() throws {
    let mount = RuntimeMount(
      destination: "/t", type: "tmpfs", source: "tmpfs",
      options: ["rro", "rslave", "size=1m", "mode=755", "tmpcopyup", "rnosuid"])
    let plan = try MountPlan(mount, index: 0, bundle: "/bundle")
    #expect(plan.data == ["size=1m", "mode=755"])
    #expect(plan.recursiveSet == [.readOnly, .noSetID])
    #expect(plan.propagation == [MountPlan.SpreadRule(kind: .slave, recursive: true)])
    #expect(plan.copyUp)
  }

  @Test func takesRelativeSourcesFromTheBundle() throws {
    let mount = RuntimeMount(destination: "/a", source: "data", options: ["bind"])
    #expect(try MountPlan(mount, index: 0, bundle: "/bundle").source == "/bundle/data")
  }

  /// Old configurations have them, and mean the root (config.md#mounts).
  @Test(arguments: [("tmp/a", "/tmp/a"), ("/tmp/a", "/tmp/a"), ("a", "/a")])
  func relativeDestinationsAreBelowTheRoot(given: String, destination: String) throws {
    let mount = RuntimeMount(destination: given, source: "data", options: ["bind"])
    #expect(try MountPlan(mount, index: 0, bundle: "/bundle").destination == destination)
  }

  private func spec(_ change: (inout RuntimeSpec) -> Void) -> RuntimeSpec {
    var spec = SpecTemplate.make(rootless: nil)
    change(&spec)
    return spec
  }

  @Test func acceptsItsOwnTemplate() throws {
    let plan = try plan(spec { _ in })
    #expect(plan.newNamespaces == [.pid, .ipc, .uts, .mount, .network])
    #expect(plan.newCgroupNamespace)
    #expect(!plan.needsGoBetween)
  }

  private func plan(_ spec: RuntimeSpec) throws -> ContainerPlan {
    try ContainerPlan(
      id: try ContainerID("a"), bundle: "/b", spec: spec, initialUserNamespace: true)
  }

  static let wrong: [(field: String, change: @Sendable (inout RuntimeSpec) -> Void)] = [
    ("process.args", { $0.process?.args = [] }),
    ("process.cwd", { $0.process?.cwd = "relative" }),
    ("process.env[0]", { $0.process?.env = ["SECRET"] }),
    ("root.path", { $0.root = nil }),
    ("linux", { $0.linux = nil }),
    (
      "linux.namespaces",
      {
        $0.linux?.namespaces = [RuntimeNamespace(.uts), RuntimeNamespace(.user)]
        $0.linux?.uidMappings = [RuntimeIDMapping(containerID: 0, hostID: 0, size: 1)]
        $0.linux?.gidMappings = [RuntimeIDMapping(containerID: 0, hostID: 0, size: 1)]
      }
    ),
    (
      "linux.rootfsPropagation",
      {
        $0.linux?.namespaces.removeAll { $0.type == .mount }
        $0.linux?.rootfsPropagation = "rslave"
      }
    ),
    (
      "mounts[2].options",
      {
        $0.linux?.namespaces.removeAll { $0.type == .mount }
        $0.mounts[2].options.append("rshared")
      }
    ),
    ("linux.namespaces[6]", { $0.linux?.namespaces.append(RuntimeNamespace(.pid)) }),
    (
      "linux.uidMappings",
      { $0.linux?.uidMappings = [RuntimeIDMapping(containerID: 0, hostID: 0, size: 1)] }
    ),
    ("linux.uidMappings", { $0.linux?.namespaces.append(RuntimeNamespace(.user)) }),
    ("linux.maskedPaths[0]", { $0.linux?.maskedPaths = ["proc"] }),
    ("linux.rootfsPropagation", { $0.linux?.rootfsPropagation = "bogus" }),
    ("mounts[0].destination", { $0.mounts[0].destination = "" }),
    ("mounts[7].source", { $0.mounts.append(RuntimeMount(destination: "/x", type: "bind")) }),
    (
      "process.rlimits[1].type",
      { $0.process?.rlimits.append(RuntimeResourceLimit(type: "RLIMIT_X", soft: 0, hard: 0)) }
    ),
    ("process.oomScoreAdj", { $0.process?.oomScoreAdj = 1_001 }),
    ("linux.sysctl.vm.swappiness", { $0.linux?.sysctl = ["vm.swappiness": "1"] }),
    (
      "linux.sysctl.net.a",
      {
        $0.linux?.sysctl = ["net.a": "1"]
        $0.linux?.namespaces.removeAll { $0.type == .network }
      }
    ),
    ("linux.sysctl.net/../kernel/x", { $0.linux?.sysctl = ["net/../kernel/x": "1"] }),
    ("linux.sysctl.kernel.hostname", { $0.linux?.sysctl = ["kernel.hostname": "a"] }),
    (
      "linux.sysctl.kernel.domainname",
      {
        $0.domainname = "one"
        $0.linux?.sysctl = ["kernel.domainname": "another"]
      }
    ),
    ("hostname", { $0.hostname = "a\nb" }),
    ("hostname", { $0.linux?.namespaces.removeAll { $0.type == .uts } }),
    ("linux.timeOffsets", { $0.linux?.timeOffsets = ["boottime": RuntimeTimeOffset()] }),
    ("linux.intelRdt", { $0.linux?.intelRdt = RuntimeIntelRDT() }),
  ]

  @Test(
    arguments: [
      (0, [], ["0 1000 1"]), (5, [], ["5 1000 1"]),
      (0, [(100, 10)], ["0 1000 1", "1 100 10"]),
      (3, [(100, 10)], ["0 100 3", "3 1000 1", "4 103 7"]),
      (3, [(100, 3)], ["0 100 3", "3 1000 1"]),
      (30, [(100, 10), (200, 5)], ["0 100 10", "10 200 5", "30 1000 1"]),
      (2, [(100, 1), (200, 5)], ["0 100 1", "1 200 1", "2 1000 1", "3 201 4"]),
      (0, [(100, .max - 100)], ["0 1000 1", "1 100 \(UInt32.max - 100)"]),
    ] as [(UInt32, [(UInt32, UInt32)], [String])])
  func mapsTheUserToTheCaller(id: UInt32, ranges: [(UInt32, UInt32)], lines: [String]) {
    let map = ImplicitUserNamespace.map(
      id, to: 1_000, ranges.map { SubordinateRange(start: $0.0, count: $0.1) })
    #expect(map.map { "\($0.containerID) \($0.hostID) \($0.size)" } == lines)
  }

  @Test func readsSchedulers() throws {
    var scheduler = RuntimeScheduler()
    scheduler.policy = "SCHED_DEADLINE"
    scheduler.flags = ["SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM"]
    (scheduler.runtime, scheduler.deadline, scheduler.period) = (10, 20, 30)
    scheduler.priority = 4
    let plan = try SchedulerPlan(scheduler, field: "scheduler")
    #expect(plan.policy == 6)
    #expect(plan.flags == 3)
    #expect([plan.runtime, plan.deadline, plan.period] == [10, 20, 30])
    #expect(plan.priority == 4)
    scheduler.flags = ["SCHED_FLAG_UNKNOWN"]
    #expect(throws: RuntimeError.self) { try SchedulerPlan(scheduler, field: "scheduler") }
  }

  @Test(arguments: wrong.indices) func namesTheFieldThatIsWrong(index: Int) throws {
    let (field, change) = Self.wrong[index]
    let error = #expect(throws: RuntimeError.self) { try plan(spec(change)) }
    guard case .unusable(let named, _)? = error else {
      Issue.record("unexpected \(String(describing: error))")
      return
    }
    #expect(named == field)
  }

  @Test(
    arguments: [
      ("1000", 1_000, nil), ("0:0", 0, 0), ("1:2", 1, 2),
    ] as [(String, UInt32, UInt32?)])
  func readsExecUsers(text: String, uid: UInt32, gid: UInt32?) throws {
    let ids = try ExecChanges.ids(text)
    #expect(ids.0 == uid)
    #expect(ids.1 == gid)
  }

  @Test(arguments: [
    "1000:", ":5", "", "0x0", " 1", "+1", "4294967296", "4294967295", "-1", "root", "1:2:3",
    "99999999999999999999999999999999999999999",
  ])
  func refusesUsersThatAreNotNumbers(text: String) {
    #expect(throws: RuntimeError.self) { try ExecChanges.ids(text) }
  }

  @Test(arguments: ["a", "A-b_c.d+e", "0", String(repeating: "x", count: 255)])
  func acceptsContainerNames(text: String) throws { #expect(try ContainerID(text).text == text) }

  @Test(arguments: [
    "", ".", "..", "../x", "a/b", "-a", ".hidden", "a\n", "é", "a b", "a\0",
    String(repeating: "x", count: 256),
  ])
  func refusesNamesThatAreNoComponent(text: String) {
    #expect(throws: RuntimeError.invalidID(text)) { try ContainerID(text) }
  }

  @Test(
    arguments: [
      ("TERM", 15), ("SIGKILL", 9), ("9", 9), ("term", 15), ("RTMIN+3", 37), ("SIGRTMAX-1", 63),
      ("0", 0),
    ] as [(String, Int32)])
  func knowsSignals(text: String, number: Int32) throws {
    #expect(try SignalName.number(text) == number)
  }

  @Test(arguments: [
    ("0-3,7", [0x8F] as [UInt8]), ("0", [1]), ("1, 2", [6]),
  ])
  func readsCPULists(text: String, bits: [UInt8]) throws {
    let mask = try #require(try ProcessPlan.cpus(text, "f"))
    #expect(Array(mask[..<bits.count]) == bits)
  }

  @Test(arguments: ["x", "3-1", "-1", "0-99999", ",,-"]) func refusesBadCPULists(text: String) {
    #expect(throws: RuntimeError.self) { try ProcessPlan.cpus(text, "f") }
  }
}
