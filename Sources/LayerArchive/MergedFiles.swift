import LinuxSystem
import Synchronization

/// Makes the files of one directory after another as a merged image has them; on any thread.
final class MergedFiles: Sendable {
  private let refers: Bool
  private let owner: @Sendable (LayerMerger.Owner) throws(ArchiveError) -> LayerMerger.Owner
  private let onProgress: @Sendable (Int64) -> Void
  private let copied = Mutex<Int64>(0)

  init(
    refers: Bool,
    owner: @escaping @Sendable (LayerMerger.Owner) throws(ArchiveError) -> LayerMerger.Owner,
    onProgress: @escaping @Sendable (Int64) -> Void
  ) {
    self.refers = refers
    self.owner = owner
    self.onProgress = onProgress
  }

  /// Makes what is in the batch, then gives the directory itself its metadata.
  func make(_ batch: MergeCrew.Batch) throws(ArchiveError) {
    var size: Int64 = 0
    for (name, status) in batch.entries {
      try make(name, status, in: batch.place)
      if status.kind == .regular { size += status.size }
    }
    try copyMetadata(
      of: .current, batch.status, in: batch.place.source,
      to: batch.place.target.descriptor.raw)
    onProgress(
      copied.withLock {
        $0 += size
        return $0
      })
  }

  /// Makes anything but a directory; a whiteout only takes away what was there.
  func make(_ name: RawPath, _ status: FileStatus, in place: MergePlace) throws(ArchiveError) {
    let whole = place.whole(name)
    if !place.isNew {
      try at(whole) { () throws(SystemError) in try place.target.removeTree(name) }
    }
    if OverlayMark.isWhiteout(status) { return }
    switch status.kind {
    case .regular:
      let file = try makeFile(name, status, in: place, whole)
      try copyMetadata(of: name, status, in: place.source, to: file.raw)
      return
    case .symbolicLink:
      try at(whole) { () throws(SystemError) in
        try place.target.makeLink(name, to: try place.source.linkTarget(name))
      }
    case .characterDevice, .blockDevice, .fifo, .socket:
      try at(whole) { () throws(SystemError) in
        try place.target.makeNode(
          name, kind: status.kind, permissions: status.permissions,
          major: status.deviceNumber.major, minor: status.deviceNumber.minor)
      }
    default: return
    }
    let owner = try self.owner((status.uid, status.gid))
    try at(whole) { () throws(SystemError) in
      try place.target.setOwner(name, uid: owner.uid, gid: owner.gid)
      if status.kind != .symbolicLink { try place.target.setMode(name, status.permissions) }
      try place.target.setModified(name, status.modified)
    }
  }

  private func makeFile(
    _ name: RawPath, _ status: FileStatus, in place: MergePlace, _ whole: RawPath
  ) throws(ArchiveError) -> OwnedDescriptor {
    try at(whole) { () throws(SystemError) in
      let output = try place.target.makeFile(name)
      if refers, status.size > 0 {
        try OpenFile.setSize(output.raw, status.size)
        try ExtendedAttributes.set(
          output.raw, OverlayMark.redirect, [UInt8(ascii: "/")] + whole.bytes)
        try ExtendedAttributes.set(output.raw, OverlayMark.metadataOnly, [])
      } else {
        let input = try place.source.open(name)
        try OpenFile.copy(from: input.raw, to: output.raw, size: status.size)
      }
      return output
    }
  }

  /// Owner, mode, attributes and time, in the order in which each survives the next.
  private func copyMetadata(
    of name: RawPath, _ status: FileStatus, in source: borrowing DirectoryHandle, to fd: Int32
  ) throws(ArchiveError) {
    let owner = try self.owner((status.uid, status.gid))
    try at(name) { () throws(SystemError) in
      try OpenFile.setOwner(fd, uid: owner.uid, gid: owner.gid)
      try OpenFile.setMode(fd, status.permissions)
      for attribute in try ExtendedAttributes.list(of: name, in: source.descriptor.raw)
      where LayerUnpacker.isWelcome(attribute) {
        let value = try ExtendedAttributes.find(attribute, of: name, in: source.descriptor.raw)
        if let value { try ExtendedAttributes.set(fd, attribute, value) }
      }
      try OpenFile.setModified(fd, status.modified)
    }
  }
}
