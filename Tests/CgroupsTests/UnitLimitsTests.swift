import OCISpec
import SystemdBus
import Testing

@testable import Cgroups

@Suite struct UnitLimitsTests {
  private static func properties(_ json: String) throws -> [UnitProperty] {
    let resources = try RuntimeResources(parsing: Array(json.utf8))
    return UnitLimits(try UnifiedLimits(resources).settings).properties
  }

  @Test(arguments: [
    (#"{"memory":{"limit":1048576}}"#, "MemoryMax", BusValue.uint64(1_048_576)),
    (#"{"memory":{"limit":-1}}"#, "MemoryMax", .uint64(.max)),
    (#"{"memory":{"limit":5,"swap":12}}"#, "MemorySwapMax", .uint64(7)),
    (#"{"memory":{"reservation":5}}"#, "MemoryLow", .uint64(5)),
    (#"{"pids":{"limit":9}}"#, "TasksMax", .uint64(9)),
    (#"{"pids":{"limit":-1}}"#, "TasksMax", .uint64(.max)),
    (#"{"cpu":{"quota":50000,"period":100000}}"#, "CPUQuotaPerSecUSec", .uint64(500_000)),
    (#"{"cpu":{"quota":1,"period":100000}}"#, "CPUQuotaPerSecUSec", .uint64(10_000)),
    (#"{"cpu":{"quota":50000,"period":100000}}"#, "CPUQuotaPeriodUSec", .uint64(100_000)),
    (#"{"cpu":{"quota":-1}}"#, "CPUQuotaPerSecUSec", .uint64(.max)),
    (#"{"cpu":{"shares":262144}}"#, "CPUWeight", .uint64(10_000)),
    (#"{"cpu":{"cpus":"0-1,9"}}"#, "AllowedCPUs", .bytes([3, 2])),
    (#"{"cpu":{"mems":"0"}}"#, "AllowedMemoryNodes", .bytes([1])),
    (#"{"unified":{"memory.high":"77"}}"#, "MemoryHigh", .uint64(77)),
    (#"{"unified":{"memory.min":"max"}}"#, "MemoryMin", .uint64(.max)),
    (#"{"blockIO":{"weight":1000}}"#, "IOWeight", .uint64(10_000)),
    (
      #"{"blockIO":{"throttleReadBpsDevice":[{"major":8,"minor":1,"rate":9}]}}"#,
      "IOReadBandwidthMax",
      .array(of: "(st)", [.structure([.string("/dev/block/8:1"), .uint64(9)])])
    ),
  ]) func limitsArePropertiesToo(json: String, name: String, value: BusValue) throws {
    #expect(try Self.properties(json).contains(UnitProperty(name, value)))
  }

  @Test func whatSystemdDoesNotKnowStaysInFiles() throws {
    #expect(try Self.properties(#"{"unified":{"cpu.idle":"1"}}"#) == [])
  }

  @Test(arguments: ["3-1", "a", "1-2-3", "9999999", ""])
  func refusesLists(list: String) { #expect(UnitLimits.mask(list) == nil) }

  @Test(arguments: [
    ("user.slice:libpod:1", "user.slice", "libpod-1.scope"),
    ("a.slice::x", "a.slice", "x.scope"), (":p:x", nil, "p-x.scope"),
    (nil, nil, "martlet-id.scope"),
  ]) func placesNameUnits(path: String?, slice: String?, unit: String) throws {
    let manager = try SystemdCgroupManager(path: path, id: "id")
    #expect(manager.unit == unit)
    if let slice {
      #expect(manager.slice == slice)
    } else {
      #expect(manager.slice.hasSuffix(".slice"))
    }
  }

  @Test(arguments: ["/a/b", "a.slice:x", "noslice:a:b", "a.slice:p:", "x/y.slice:a:b"])
  func refusesOtherPaths(path: String) {
    #expect(throws: CgroupError.self) { try SystemdCgroupManager(path: path, id: "id") }
  }

  @Test func annotationsReplaceProperties() throws {
    let manager = try SystemdCgroupManager(path: "a.slice:p:x", id: "x")
    let properties = try manager.properties(
      pid: 5, id: "x", [], ["org.systemd.property.CollectMode": "'inactive'"])
    #expect(properties.filter { $0.name == "CollectMode" }.map(\.value) == [.string("inactive")])
    #expect(properties.contains(UnitProperty("Slice", .string("a.slice"))))
    #expect(properties.contains(UnitProperty("PIDs", .array(of: "u", [.uint32(5)]))))
    #expect(properties.contains(UnitProperty("Delegate", .bool(true))))
  }
}
