import LinuxSystem
import OCISpec

/// Makes the device nodes of a container with a user namespace, while that is still allowed: nodes
/// of the host's devices can be bound, but have the host's owner and mode.
struct DevicePreparation {
  let plan: ContainerPlan
  /// Where a node is for the moment until it is a mount of its own.
  let directory: String

  /// Detached mounts by path; none where the parent may not make nodes either.
  func prepare() throws(RuntimeError) -> [String: Int32] {
    guard plan.makesUserNamespace, CurrentProcess.effectiveUser == 0, plan.parentMayMakeDevices
    else { return [:] }
    var made: [String: Int32] = [:]
    for device in plan.devices where device.type != .fifo {
      let path = "/" + device.path.split(separator: "/").joined(separator: "/")
      guard made[path] == nil, let major = UInt32(exactly: device.major),
        let minor = UInt32(exactly: device.minor)
      else { continue }
      made[path] = try during("make the device \(path)") { () throws(SystemError) in
        try node(device, Self.name(made.count), major, minor)
      }.release()
    }
    return made
  }

  /// Removes the names that `prepare` gave `count` nodes: only now, for what has no name cannot be
  /// mounted.
  func clean(_ count: Int) {
    for index in 0..<count { _ = try? FileTree.unlinkIfPresent("\(directory)/\(Self.name(index))") }
  }

  private static func name(_ index: Int) -> String { "device-\(index)" }

  private func node(_ device: RuntimeDevice, _ name: String, _ major: UInt32, _ minor: UInt32)
    throws(SystemError) -> OwnedDescriptor
  {
    let place = try OwnedDescriptor.open(directory, [.path, .directory])
    let mode = (device.fileMode ?? 0o666) & 0o7777
    try FileNode.makeDevice(
      name, in: place.raw, device.type == .block ? .block : .character, mode: mode, major: major,
      minor: minor)
    let tree = try MountTree.copy(name, in: place.raw)
    try FileNode.setOwner(
      descriptor: tree.raw, uid: Self.host(device.uid ?? 0, plan.uidMap),
      gid: Self.host(device.gid ?? 0, plan.gidMap))
    try FileNode.setMode(descriptor: tree.raw, mode)
    try MountTree.setAttributes(
      tree.raw, set: [.noSetID, .noExecute], clear: .noDevices, subject: device.path)
    return tree
  }

  /// The host's id of one of the container's; one without a mapping stays root's.
  static func host(_ id: UInt32, _ map: [RuntimeIDMapping]) -> UInt32 {
    for entry in map {
      let first = UInt64(entry.containerID)
      guard (first..<first + UInt64(entry.size)).contains(UInt64(id)) else { continue }
      return UInt32(clamping: UInt64(entry.hostID) + UInt64(id) - first)
    }
    return 0
  }
}
