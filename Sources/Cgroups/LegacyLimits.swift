import OCISpec

/// Limits as the files of the v1 controllers.
struct LegacyLimits {
  private(set) var settings: [LimitSetting] = []

  init(_ resources: RuntimeResources) throws(CgroupError) {
    guard resources.unified.isEmpty else {
      throw .unsupported(field: "linux.resources.unified", "this host uses cgroup v1")
    }
    if let memory = resources.memory {
      if let limit = memory.limit, limit != 0 {
        add("memory", "memory.limit_in_bytes", "\(limit)", "memory.limit")
      }
      if let swap = memory.swap, swap != 0 {
        add("memory", "memory.memsw.limit_in_bytes", "\(swap)", "memory.swap", optional: true)
      }
      if let soft = memory.reservation, soft != 0 {
        add("memory", "memory.soft_limit_in_bytes", "\(soft)", "memory.reservation")
      }
      if let kernel = memory.kernel, kernel != 0 {
        add("memory", "memory.kmem.limit_in_bytes", "\(kernel)", "memory.kernel")
      }
      if let kernel = memory.kernelTCP, kernel != 0 {
        add("memory", "memory.kmem.tcp.limit_in_bytes", "\(kernel)", "memory.kernelTCP")
      }
      if let swappiness = memory.swappiness {
        add("memory", "memory.swappiness", "\(swappiness)", "memory.swappiness")
      }
      if memory.disableOOMKiller == true {
        add("memory", "memory.oom_control", "1", "memory.disableOOMKiller")
      }
    }
    if let cpu = resources.cpu { add(cpu) }
    if let limit = resources.pids?.limit, limit != 0 {
      add("pids", "pids.max", limit > 0 ? "\(limit)" : "max", "pids.limit")
    }
    if let io = resources.blockIO { add(io) }
    for limit in resources.hugepageLimits {
      let name = "hugetlb.\(limit.pageSize)"
      add("hugetlb", "\(name).limit_in_bytes", "\(limit.limit)", "hugepageLimits")
      add(
        "hugetlb", "\(name).rsvd.limit_in_bytes", "\(limit.limit)", "hugepageLimits",
        optional: true)
    }
    for (device, limit) in resources.rdma.sorted(by: { $0.key < $1.key }) {
      add("rdma", "rdma.max", limit.line(device), "rdma")
    }
    if let id = resources.network?.classID, id > 0 {
      add("net_cls", "net_cls.classid", "\(id)", "network.classID")
    }
    for priority in resources.network?.priorities ?? [] {
      add(
        "net_prio", "net_prio.ifpriomap", "\(priority.name) \(priority.priority)",
        "network.priorities")
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

  private mutating func add(_ cpu: RuntimeCPU) {
    if let shares = cpu.shares, shares > 0 { add("cpu", "cpu.shares", "\(shares)", "cpu.shares") }
    if let period = cpu.period, period > 0 {
      add("cpu", "cpu.cfs_period_us", "\(period)", "cpu.period")
    }
    if let quota = cpu.quota, quota != 0 {
      add("cpu", "cpu.cfs_quota_us", "\(quota)", "cpu.quota")
    }
    if let burst = cpu.burst, burst > 0 {
      add("cpu", "cpu.cfs_burst_us", "\(burst)", "cpu.burst")
    }
    if let idle = cpu.idle { add("cpu", "cpu.idle", "\(idle)", "cpu.idle") }
    if let period = cpu.realtimePeriod, period > 0 {
      add("cpu", "cpu.rt_period_us", "\(period)", "cpu.realtimePeriod")
    }
    if let runtime = cpu.realtimeRuntime, runtime != 0 {
      add("cpu", "cpu.rt_runtime_us", "\(runtime)", "cpu.realtimeRuntime")
    }
    if let cpus = cpu.cpus, !cpus.isEmpty { add("cpuset", "cpuset.cpus", cpus, "cpu.cpus") }
    if let mems = cpu.mems, !mems.isEmpty { add("cpuset", "cpuset.mems", mems, "cpu.mems") }
  }

  private mutating func add(_ io: RuntimeBlockIO) {
    if let weight = io.weight, weight > 0 {
      add("blkio", "blkio.weight", "\(weight)", "blockIO.weight")
      settings[settings.count - 1].alternative = ["blkio.bfq.weight", "\(weight)"]
    }
    if let weight = io.leafWeight, weight > 0 {
      add("blkio", "blkio.leaf_weight", "\(weight)", "blockIO.leafWeight")
    }
    for device in io.weightDevice {
      let name = "\(device.major):\(device.minor)"
      if let weight = device.weight {
        add("blkio", "blkio.weight_device", "\(name) \(weight)", "blockIO.weightDevice")
        settings[settings.count - 1].alternative = ["blkio.bfq.weight_device", "\(name) \(weight)"]
      }
      if let weight = device.leafWeight {
        add("blkio", "blkio.leaf_weight_device", "\(name) \(weight)", "blockIO.weightDevice")
      }
    }
    let throttles: [([RuntimeBlockThrottle], String)] = [
      (io.throttleReadBpsDevice, "blkio.throttle.read_bps_device"),
      (io.throttleWriteBpsDevice, "blkio.throttle.write_bps_device"),
      (io.throttleReadIOPSDevice, "blkio.throttle.read_iops_device"),
      (io.throttleWriteIOPSDevice, "blkio.throttle.write_iops_device"),
    ]
    for (devices, file) in throttles {
      for device in devices {
        add("blkio", file, "\(device.major):\(device.minor) \(device.rate)", "blockIO")
      }
    }
  }
}

extension RuntimeRDMA {
  /// The line of rdma.max for a device.
  func line(_ device: String) -> String {
    let text = { (count: UInt32?) in count.map { "\($0)" } ?? "max" }
    return "\(device) hca_handle=\(text(hcaHandles)) hca_object=\(text(hcaObjects))"
  }
}
