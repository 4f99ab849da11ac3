import OCISpec
import Testing

@testable import Cgroups

@Suite struct LimitSettingsTests {
  private func resources(_ text: String) throws -> RuntimeResources {
    try RuntimeResources(parsing: Array(text.utf8))
  }

  @Test(arguments: [
    (
      #"{"memory":{"limit":1048576,"swap":2097152}}"#,
      ["memory.swap.max=1048576", "memory.max=1048576"]
    ),
    (#"{"memory":{"limit":-1,"swap":-1}}"#, ["memory.swap.max=max", "memory.max=max"]),
    (#"{"memory":{"reservation":4096}}"#, ["memory.low=4096"]),
    (
      #"{"cpu":{"shares":1024,"quota":50000,"period":100000}}"#,
      ["cpu.weight=39", "cpu.max=50000 100000"]
    ),
    (#"{"cpu":{"quota":-1}}"#, ["cpu.max=max"]), (#"{"cpu":{"period":9}}"#, ["cpu.max=max 9"]),
    (#"{"cpu":{"cpus":"0-1","mems":"0"}}"#, ["cpuset.cpus=0-1", "cpuset.mems=0"]),
    (#"{"pids":{"limit":10}}"#, ["pids.max=10"]), (#"{"pids":{"limit":-1}}"#, ["pids.max=max"]),
    (#"{"pids":{"limit":0}}"#, []),
    (#"{"blockIO":{"weight":10}}"#, ["io.weight=default 1"]),
    (
      #"{"blockIO":{"throttleReadBpsDevice":[{"major":8,"minor":0,"rate":1024}]}}"#,
      ["io.max=8:0 rbps=1024"]
    ),
    (#"{"unified":{"memory.high":"1G"}}"#, ["memory.high=1G"]),
    (
      #"{"hugepageLimits":[{"pageSize":"2MB","limit":0}]}"#,
      ["hugetlb.2MB.max=0", "hugetlb.2MB.rsvd.max=0"]
    ),
  ])
  func writesTheUnifiedFiles(text: String, files: [String]) throws {
    let settings = try UnifiedLimits(resources(text)).settings
    #expect(settings.map { "\($0.file)=\($0.value)" } == files)
  }

  @Test(arguments: [
    #"{"memory":{"limit":100,"swap":50}}"#, #"{"memory":{"swap":50}}"#,
    #"{"cpu":{"realtimeRuntime":5}}"#, #"{"unified":{"../memory.max":"1"}}"#,
    #"{"unified":{"cgroup.procs":"1"}}"#, #"{"memory":{"kernel":5}}"#,
    #"{"memory":{"swappiness":5}}"#, #"{"memory":{"disableOOMKiller":true}}"#,
    #"{"network":{"classID":5}}"#, #"{"blockIO":{"leafWeight":5}}"#,
  ])
  func refusesWhatUnifiedCannotDo(text: String) throws {
    let asked = try resources(text)
    #expect(throws: CgroupError.self) { try UnifiedLimits(asked) }
  }

  @Test(arguments: [
    (
      #"{"memory":{"limit":5,"swap":9}}"#,
      ["memory.limit_in_bytes=5", "memory.memsw.limit_in_bytes=9"]
    ),
    (
      #"{"memory":{"swappiness":5,"disableOOMKiller":true}}"#,
      ["memory.swappiness=5", "memory.oom_control=1"]
    ),
    (
      #"{"cpu":{"realtimeRuntime":5,"realtimePeriod":9}}"#,
      ["cpu.rt_period_us=9", "cpu.rt_runtime_us=5"]
    ),
    (#"{"cpu":{"shares":5,"quota":-1}}"#, ["cpu.shares=5", "cpu.cfs_quota_us=-1"]),
    (
      #"{"network":{"classID":5,"priorities":[{"name":"eth0","priority":2}]}}"#,
      ["net_cls.classid=5", "net_prio.ifpriomap=eth0 2"]
    ),
    (#"{"rdma":{"mlx":{"hcaHandles":3}}}"#, ["rdma.max=mlx hca_handle=3 hca_object=max"]),
    (
      #"{"blockIO":{"weight":10,"weightDevice":[{"major":8,"minor":0,"weight":20}]}}"#,
      ["blkio.weight=10", "blkio.weight_device=8:0 20"]
    ),
  ])
  func writesTheLegacyFiles(text: String, files: [String]) throws {
    let settings = try LegacyLimits(resources(text)).settings
    #expect(settings.map { "\($0.file)=\($0.value)" } == files)
  }

  @Test(arguments: [(UInt64(0), UInt64(1)), (2, 1), (1_024, 39), (262_144, 10_000), (.max, 10_000)])
  func mapsSharesToWeights(shares: UInt64, weight: UInt64) {
    #expect(UnifiedLimits.weight(ofShares: shares) == weight)
  }

  @Test(arguments: [
    (nil, "/id"), ("", "/id"), ("/a//b/", "/a/b"), ("a/b", "/a/b"),
    ("user.slice:libpod:x", "/user.slice/libpod-x.scope"), (":p:x", "/system.slice/p-x.scope"),
  ])
  func placesTheCgroup(path: String?, expected: String) throws {
    #expect(try FileCgroupManager.relativePath(path, id: "id") == expected)
  }

  @Test(arguments: ["/..", "/a/../b", "/", "/."]) func refusesPathsThatLeave(path: String) {
    #expect(throws: CgroupError.unusablePath(path)) {
      try FileCgroupManager.relativePath(path, id: "id")
    }
  }

  @Test func namesWhatWasAskedFor() throws {
    let asked = try resources(
      #"{"memory":{"limit":-1},"pids":{"limit":5},"devices":[{"allow":false}]}"#)
    #expect(asked.askedFields == ["linux.resources.pids.limit"])
  }
}
