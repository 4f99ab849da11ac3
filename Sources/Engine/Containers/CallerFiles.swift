import LinuxSystem

/// Regular files that the caller gave as standard streams.
///
/// Runtimes hand their inherited streams to the container's user; a file must not change hands for
/// that.
struct CallerFiles {
  private var owners: [(fd: Int32, uid: UInt32, gid: UInt32)] = []

  init() {
    for fd in Int32(0)...2 {
      guard let status = try? FileStatus.of(descriptor: fd), status.kind == .regular else {
        continue
      }
      owners.append((fd, status.uid, status.gid))
    }
  }

  func restoreOwners() {
    for owner in owners {
      guard let status = try? FileStatus.of(descriptor: owner.fd), status.uid != owner.uid else {
        continue
      }
      // A file on a filesystem without owners cannot have changed any.
      try? FileNode.setOwner(descriptor: owner.fd, uid: owner.uid, gid: owner.gid)
    }
  }
}
