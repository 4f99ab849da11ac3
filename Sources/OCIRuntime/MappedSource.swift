import LinuxSystem

/// Copies a mount that the container made itself and maps its ids, for an init stage whose user
/// namespace does not own the filesystem and so may not (mount_setattr(2)).
struct MappedSource {
  let mount: MountPlan
  let rootfs: String

  /// Sends `proceed` with the copy to the init stage, whose mount namespace `process` (a pidfd) has.
  func send(to channel: borrowing MessageChannel, from process: Int32) throws(RuntimeError) {
    let ours = channel.descriptor.raw
    let end = try during(mount.step) { () throws(SystemError) in
      // Only a process of its own can see that namespace and come back.
      try ChildProcess.spawn {
        do throws(SystemError) {
          try Namespace.join([.mount], of: process)
          let tree = try copy()
          try MessageChannel.send(ours, InitMessage.proceed.bytes, descriptors: [tree.raw])
          return 0
        } catch { return error.errno }
      }.wait()
    }
    guard end != .exited(0) else { return }
    guard case .exited(let errno) = end else {
      throw .unusable(field: mount.field, "copying the mount \(mount.source) failed: \(end)")
    }
    throw .system(mount.step, SystemError("map the ids of", mount.source, errno: errno))
  }

  /// No link of the image's leads out of the root.
  private func copy() throws(SystemError) -> OwnedDescriptor {
    guard case .bind(let recursive) = mount.kind, let path = mount.sourceInside else {
      throw SystemError("open_tree", mount.source, errno: Errno.invalid)
    }
    let root = try RootDirectory(rootfs)
    let place = try root.open(path, [.path])
    let tree = try MountCall.copyTree(
      "", in: place.raw, recursive: recursive, subject: mount.source)
    try MountCall.setAttributes(
      tree.raw, recursive: mount.idMap?.recursive ?? false, idMap: mount.idMapNamespace,
      subject: mount.source)
    return tree
  }
}
