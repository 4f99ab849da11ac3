import LinuxSystem

/// Fills a new tmpfs with what it is about to hide (`tmpcopyup`).
///
/// Its own mode stays what the mount's options made it.
enum CopyUp {
  static func copy(from source: borrowing OwnedDescriptor, to target: borrowing OwnedDescriptor)
    throws(SystemError)
  {
    let from = try OwnedDescriptor.open(".", [.directory], in: source.raw)
    let to = try OwnedDescriptor.open(".", [.directory], in: target.raw)
    try copyEntries(from.raw, to.raw)
  }

  private static func copyEntries(_ from: Int32, _ to: Int32) throws(SystemError) {
    for name in try FileTree.list(descriptor: from) {
      let status = try FileStatus.of(name, in: from)
      switch status.kind {
      case .directory:
        try FileTree.makeDirectory(name, in: to)
        let inner = try OwnedDescriptor.open(name, [.directory, .noFollow], in: from)
        let made = try OwnedDescriptor.open(name, [.directory, .noFollow], in: to)
        try copyEntries(inner.raw, made.raw)
        try copyOwner(of: status, to: made.raw)
      case .regular:
        let file = try OwnedDescriptor.open(name, [.noFollow], in: from)
        let made = try OwnedDescriptor.open(name, [.writeOnly, .create, .exclusive], in: to)
        while try Descriptor.copy(to: made.raw, from: file.raw, count: 1 << 20) > 0 {}
        try copyOwner(of: status, to: made.raw)
      case .symbolicLink:
        try FileTree.makeLink(name, to: try FileTree.readLink(name, in: from), in: to)
        try FileNode.setOwner(name, in: to, uid: status.uid, gid: status.gid)
      default:
        continue  // devices, sockets and pipes mean nothing in a copy
      }
    }
  }

  private static func copyOwner(of status: FileStatus, to fd: Int32) throws(SystemError) {
    try FileNode.setOwner(descriptor: fd, uid: status.uid, gid: status.gid)
    try FileNode.setMode(descriptor: fd, status.permissions)
  }
}
