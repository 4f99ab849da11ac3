import OCISpec

/// One file of a cgroup and what to write into it.
struct LimitSetting: Equatable, Sendable {
  /// The controller that must be enabled.
  var controller: String
  var file: String
  var value: String
  /// The field it comes from, below `linux.resources`.
  var field: String
  /// Whether a kernel without the file is no error (the limit is an extra).
  var optional = false
  /// Where the file is missing: another of the same meaning, and its value.
  var alternative: [String] = []
  /// Whether the value's first word is whatever the file has there now.
  var keepsFirstWord = false
}

/// Limits as the files of cgroup v2 (kernel, admin-guide/cgroup-v2).
struct UnifiedLimits {
  private(set) var settings: [LimitSetting] = []

  init(_ resources: RuntimeResources) throws(CgroupError) {
    if let memory = resources.memory { try add(memory) }
    if let cpu = resources.cpu { try add(cpu) }
    if let limit = resources.pids?.limit, limit != 0 {
      add("pids", "pids.max", limit > 0 ? "\(limit)" : "max", "pids.limit")
    }
    if let io = resources.blockIO { try add(io) }
    for limit in resources.hugepageLimits {
      guard limit.pageSize.utf8.allSatisfy({ $0 != 0x2F && $0 > 0x20 }) else {
        throw .unsupported(field: "linux.resources.hugepageLimits", "bad page size")
      }
      let name = "hugetlb.\(limit.pageSize)"
      // Reservations, too, on kernels that count them (config-linux.md#huge-page-limits).
      add("hugetlb", "\(name).max", "\(limit.limit)", "hugepageLimits")
      add("hugetlb", "\(name).rsvd.max", "\(limit.limit)", "hugepageLimits", optional: true)
    }
    for (device, limit) in resources.rdma.sorted(by: { $0.key < $1.key }) {
      add("rdma", "rdma.max", limit.line(device), "rdma")
    }
    if let network = resources.network, network != RuntimeNetwork() {
      throw .unsupported(
        field: "linux.resources.network", "cgroup v2 marks no packets; use nftables or tc")
    }
    for (file, value) in resources.unified.sorted(by: { $0.key < $1.key }) {
      guard !file.contains("/"), let dot = file.firstIndex(of: "."), dot != file.startIndex,
        !file.hasPrefix("cgroup.")
      else {
        throw .unsupported(
          field: "linux.resources.unified",
          "the specified key has not the form CONTROLLER.VALUE `\(file)`")
      }
      add(String(file[..<dot]), file, value, "unified.\(file)")
    }
  }

  private mutating func add(
    _ controller: String, _ file: String, _ value: String, _ field: String,
    optional: Bool = false
  ) {
    settings.append(
      LimitSetting(
        controller: controller, file: file, value: value, field: "linux.resources.\(field)",
        optional: optional))
  }

  private mutating func add(_ memory: RuntimeMemory) throws(CgroupError) {
    let text = { (bytes: Int64) in bytes < 0 ? "max" : "\(bytes)" }
    if let swap = memory.swap, swap != 0 {
      if swap < 0 {
        add("memory", "memory.swap.max", "max", "memory.swap", optional: true)
      } else {
        guard let limit = memory.limit, limit > 0, swap >= limit else {
          throw .unsupported(
            field: "linux.resources.memory.swap",
            "it counts memory and swap together and must be at least memory.limit")
        }
        add("memory", "memory.swap.max", "\(swap - limit)", "memory.swap", optional: true)
      }
    }
    if let limit = memory.limit, limit != 0 {
      add("memory", "memory.max", text(limit), "memory.limit")
    }
    if let low = memory.reservation, low != 0 {
      add("memory", "memory.low", text(low), "memory.reservation")
    }
    if let swappiness = memory.swappiness {
      throw .unsupported(
        field: "linux.resources.memory.swappiness",
        "cgroup v2 has no swappiness of its own for a group (\(swappiness) was asked for)")
    }
    if memory.disableOOMKiller == true {
      throw .unsupported(
        field: "linux.resources.memory.disableOOMKiller",
        "cgroup v2 cannot turn the killer off; use memory.high in unified instead of a hard limit")
    }
    if let kernel = memory.kernelTCP ?? memory.kernel, kernel > 0 {
      throw .unsupported(
        field: "linux.resources.memory.kernel", "cgroup v2 has no separate kernel memory limit")
    }
  }

  private mutating func add(_ cpu: RuntimeCPU) throws(CgroupError) {
    if let shares = cpu.shares, shares > 0 {
      add("cpu", "cpu.weight", "\(Self.weight(ofShares: shares))", "cpu.shares")
    }
    if let burst = cpu.burst, burst > 0 {
      add("cpu", "cpu.max.burst", "\(burst)", "cpu.burst")
    }
    let quota = cpu.quota ?? 0
    let period = cpu.period ?? 0
    if quota != 0 {
      let value = quota > 0 ? "\(quota)" : "max"
      // Without a period the one that is there stays (100000 at first).
      add("cpu", "cpu.max", period > 0 ? "\(value) \(period)" : value, "cpu.quota")
    } else if period > 0 {
      add("cpu", "cpu.max", "max \(period)", "cpu.period")
      settings[settings.count - 1].keepsFirstWord = true
    }
    if let idle = cpu.idle { add("cpu", "cpu.idle", "\(idle)", "cpu.idle") }
    if cpu.realtimeRuntime ?? 0 > 0 || cpu.realtimePeriod ?? 0 > 0 {
      throw .unsupported(
        field: "linux.resources.cpu.realtimeRuntime", "cgroup v2 has no realtime limits")
    }
    if let cpus = cpu.cpus, !cpus.isEmpty { add("cpuset", "cpuset.cpus", cpus, "cpu.cpus") }
    if let mems = cpu.mems, !mems.isEmpty { add("cpuset", "cpuset.mems", mems, "cpu.mems") }
  }

  /// 2..262144 shares on 1..10000, as every other runtime maps them.
  static func weight(ofShares shares: UInt64) -> UInt64 {
    let bounded = min(max(shares, 2), 262_144)
    return 1 + (bounded - 2) * 9_999 / 262_142
  }

  private mutating func add(_ io: RuntimeBlockIO) throws(CgroupError) {
    if let weight = io.weight, weight > 0 {
      let bounded = min(max(Int(weight), 10), 1_000)
      add("io", "io.weight", "default \(1 + (bounded - 10) * 9_999 / 990)", "blockIO.weight")
      settings[settings.count - 1].alternative = ["io.bfq.weight", "\(bounded)"]
    }
    if io.leafWeight ?? 0 > 0 || io.weightDevice.contains(where: { $0.leafWeight ?? 0 > 0 }) {
      throw .unsupported(
        field: "linux.resources.blockIO.leafWeight", "cgroup v2 has no weight of leaves")
    }
    for device in io.weightDevice {
      guard let weight = device.weight else { continue }
      add(
        "io", "io.bfq.weight", "\(device.major):\(device.minor) \(weight)",
        "blockIO.weightDevice")
    }
    let throttles: [([RuntimeBlockThrottle], String, String)] = [
      (io.throttleReadBpsDevice, "rbps", "throttleReadBpsDevice"),
      (io.throttleWriteBpsDevice, "wbps", "throttleWriteBpsDevice"),
      (io.throttleReadIOPSDevice, "riops", "throttleReadIOPSDevice"),
      (io.throttleWriteIOPSDevice, "wiops", "throttleWriteIOPSDevice"),
    ]
    for (devices, key, field) in throttles {
      for device in devices {
        let rate = device.rate == 0 ? "max" : "\(device.rate)"
        add(
          "io", "io.max", "\(device.major):\(device.minor) \(key)=\(rate)", "blockIO.\(field)")
      }
    }
  }
}
