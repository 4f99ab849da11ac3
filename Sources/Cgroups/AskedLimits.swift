public import OCISpec

extension RuntimeResources {
  /// The limits that were asked for, by field; device rules are the default set's.
  public var askedFields: [String] {
    var fields: [String] = []
    let prefix = "linux.resources."
    if let memory {
      if memory.limit ?? -1 > 0 { fields.append(prefix + "memory.limit") }
      if memory.reservation ?? -1 > 0 { fields.append(prefix + "memory.reservation") }
      if memory.swap ?? -1 > 0 { fields.append(prefix + "memory.swap") }
      if memory.kernel ?? -1 > 0 { fields.append(prefix + "memory.kernel") }
      if memory.kernelTCP ?? -1 > 0 { fields.append(prefix + "memory.kernelTCP") }
      if memory.swappiness != nil { fields.append(prefix + "memory.swappiness") }
      if memory.disableOOMKiller == true { fields.append(prefix + "memory.disableOOMKiller") }
    }
    if let cpu {
      if cpu.shares ?? 0 > 0 { fields.append(prefix + "cpu.shares") }
      if cpu.quota ?? -1 > 0 { fields.append(prefix + "cpu.quota") }
      if cpu.burst ?? 0 > 0 { fields.append(prefix + "cpu.burst") }
      if cpu.idle ?? 0 != 0 { fields.append(prefix + "cpu.idle") }
      if cpu.realtimeRuntime ?? 0 > 0 { fields.append(prefix + "cpu.realtimeRuntime") }
      if cpu.realtimePeriod ?? 0 > 0 { fields.append(prefix + "cpu.realtimePeriod") }
      if cpu.cpus?.isEmpty == false { fields.append(prefix + "cpu.cpus") }
      if cpu.mems?.isEmpty == false { fields.append(prefix + "cpu.mems") }
    }
    if pids?.limit ?? 0 > 0 { fields.append(prefix + "pids.limit") }
    if let blockIO {
      let throttles = [
        blockIO.throttleReadBpsDevice, blockIO.throttleWriteBpsDevice,
        blockIO.throttleReadIOPSDevice, blockIO.throttleWriteIOPSDevice,
      ]
      if blockIO.weight ?? 0 > 0 || blockIO.leafWeight ?? 0 > 0 || !blockIO.weightDevice.isEmpty
        || throttles.contains(where: { !$0.isEmpty })
      {
        fields.append(prefix + "blockIO")
      }
    }
    if !hugepageLimits.isEmpty { fields.append(prefix + "hugepageLimits") }
    if let network, network != RuntimeNetwork() { fields.append(prefix + "network") }
    if !rdma.isEmpty { fields.append(prefix + "rdma") }
    if !unified.isEmpty { fields.append(prefix + "unified") }
    return fields
  }
}
