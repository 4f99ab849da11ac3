import LinuxSystem
import OCISpec

/// What the parent does for mounts because a child in a user namespace may not: it copies the
/// sources that only root can reach, and makes namespaces whose maps id-mapped mounts take.
struct MountPreparation {
  var plan: ContainerPlan

  /// The root's mount where a joined user namespace may have no way to it; -1 otherwise.
  ///
  /// What is wrong with the root the child says.
  func rootTree() -> Int32 {
    guard plan.joinsUserNamespace, CurrentProcess.effectiveUser == 0,
      let tree = try? MountCall.copyTree(plan.rootfs, recursive: true)
    else { return -1 }
    return tree.release()
  }

  func prepare() throws(RuntimeError) -> [MountPlan] {
    var mounts = plan.mounts
    let copies = plan.hasUserNamespace && CurrentProcess.effectiveUser == 0
    for index in mounts.indices {
      let mount = mounts[index]
      if let map = mount.idMap {
        guard case .bind = mount.kind else {
          throw .unusable(field: mount.field, "only bind mounts can have their ids mapped")
        }
        mounts[index].idMapNamespace = try namespace(for: mount, map)
      }
      guard case .bind(let recursive) = mount.kind, mount.sourceInside == nil,
        copies || mount.idMap != nil
      else { continue }
      mounts[index].prepared = try during(mount.step) { () throws(SystemError) in
        let tree: OwnedDescriptor
        do throws(SystemError) {
          tree = try MountCall.copyTree(mount.source, recursive: recursive)
        } catch {
          // Before Linux 5.2: the child finds the source by itself, and ids cannot be mapped.
          guard error.errno == Errno.notImplemented, mount.idMap == nil else { throw error }
          return OwnedDescriptor(owning: -1)
        }
        if mounts[index].idMapNamespace >= 0 {
          try MountCall.setAttributes(
            tree.raw, recursive: mount.idMap?.recursive ?? false,
            idMap: mounts[index].idMapNamespace, subject: "id map of \(mount.destination)")
          mounts[index].idMapNamespace = -1
        }
        return tree
      }.release()
    }
    return mounts
  }

  /// The mount's own map, or else that of the container's user namespace.
  private func namespace(for mount: MountPlan, _ map: MountPlan.IDMap) throws(RuntimeError) -> Int32
  {
    let uids = map.uids.isEmpty ? plan.uidMap : map.uids
    let gids = map.gids.isEmpty ? plan.gidMap : map.gids
    if !uids.isEmpty, !gids.isEmpty { return try namespace(uids, gids) }
    if let joined = plan.joined.first(where: { $0.kind == .user }) { return joined.descriptor }
    throw .unusable(
      field: "\(mount.field).uidMappings",
      "are missing, and the container has no user namespace to take them from")
  }

  /// A user namespace with a map, kept by its descriptor alone.
  private func namespace(_ uids: [RuntimeIDMapping], _ gids: [RuntimeIDMapping])
    throws(RuntimeError) -> Int32
  {
    let pipe = try during("make a pipe") { () throws(SystemError) in try OwnedDescriptor.pipe() }
    let ends = (pipe.readEnd.raw, pipe.writeEnd.raw)
    let holder = try during("make a user namespace") { () throws(SystemError) in
      try ChildProcess.spawn(flags: Namespace.user.cloneFlag) {
        Descriptor.close(ends.1)
        _ = try? Descriptor.read(ends.0, upTo: 1)
        return 0
      }
    }
    let result: Int32
    do throws(RuntimeError) {
      try IDMapWriter(uids: uids, gids: gids).write(for: holder.pid)
      result = try during("open the user namespace") { [pid = holder.pid] () throws(SystemError) in
        try OwnedDescriptor.open("/proc/\(pid)/ns/user")
      }.release()
    } catch {
      try? holder.kill(9)
      _ = try? holder.wait()
      throw error
    }
    try? holder.kill(9)
    _ = try? holder.wait()
    return result
  }
}
