import LinuxSystem
import Synchronization

/// Makes the files of one directory after another as a merged image has them; on any thread.
final class MergedFiles: Sendable {
  private let refers: Bool
  private let owner: @Sendable (LayerMerger.Owner) throws(ArchiveError) -> LayerMerger.Owner
  private let onProgress: @Sendable (Int64) -> Void
  /// Nothing inherits an access list that changes the modes of new files, nor does the umask.
  private let mayAskForModes: Bool
  private let copied = Mutex<Int64>(0)

  init(
    refers: Bool, mayAskForModes: Bool,
    owner: @escaping @Sendable (LayerMerger.Owner) throws(ArchiveError) -> LayerMerger.Owner,
    onProgress: @escaping @Sendable (Int64) -> Void
  ) {
    self.refers = refers
    self.mayAskForModes = mayAskForModes
    self.owner = owner
    self.onProgress = onProgress
  }

  /// Makes what is in the batch, then gives the directory itself its metadata.
  ///
  /// `identity`: the calling thread's, where new files may belong to whom they shall at once.
  func make(
    _ batch: MergeCrew.Batch, as identity: inout CreationIdentity?
  ) throws(ArchiveError) {
    var size: Int64 = 0
    var trusts = Trust.unknown
    for (name, status) in batch.entries {
      if status.kind == .regular, !OverlayMark.isWhiteout(status) {
        try makeFile(name, status, in: batch.place, as: &identity, &trusts)
        size += status.size
      } else {
        try make(name, status, in: batch.place)
      }
    }
    try copyMetadata(
      of: .current, batch.status, in: batch.place,
      to: batch.place.target.descriptor.raw)
    onProgress(
      copied.withLock {
        $0 += size
        return $0
      })
  }

  /// Whether new files of one directory get the owner and the mode that are asked for: its group or
  /// a mount option may decide otherwise.
  private enum Trust { case unknown, yes, no }

  private func makeFile(
    _ name: RawPath, _ status: FileStatus, in place: MergePlace,
    as identity: inout CreationIdentity?, _ trust: inout Trust
  ) throws(ArchiveError) {
    let whole = place.whole(name)
    let owner = try self.owner((status.uid, status.gid))
    try makeRoom(name, in: place)
    let mode = status.permissions
    let mayAsk = mayAskForModes && trust != .no && mode & 0o7000 == 0
    let asks = mayAsk && identity?.assume(uid: owner.uid, gid: owner.gid) ?? false
    let file = try newFile(name, status, in: place, mode: asks ? mode : 0o600)
    if asks, trust == .unknown {
      let found = try at(whole) { () throws(SystemError) in
        try FileStatus.of(descriptor: file.raw)
      }
      let isRight = found.uid == owner.uid && found.gid == owner.gid && found.permissions == mode
      trust = isRight ? .yes : .no
    }
    try copyMetadata(
      of: name, status, in: place, to: file.raw, hasOwner: asks && trust == .yes)
  }

  private func makeRoom(_ name: RawPath, in place: MergePlace) throws(ArchiveError) {
    if place.isNew { return }
    try at(place.whole(name)) { () throws(SystemError) in try place.target.removeTree(name) }
  }

  /// Makes anything but a directory; a whiteout only takes away what was there.
  func make(_ name: RawPath, _ status: FileStatus, in place: MergePlace) throws(ArchiveError) {
    let whole = place.whole(name)
    try makeRoom(name, in: place)
    if OverlayMark.isWhiteout(status) { return }
    switch status.kind {
    case .regular:
      let file = try newFile(name, status, in: place, mode: 0o600)
      try copyMetadata(of: name, status, in: place, to: file.raw)
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

  private func newFile(
    _ name: RawPath, _ status: FileStatus, in place: MergePlace, mode: UInt32
  ) throws(ArchiveError) -> OwnedDescriptor {
    let whole = place.whole(name)
    return try at(whole) { () throws(SystemError) in
      let output = try place.target.makeFile(name, mode: mode)
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
    of name: RawPath, _ status: FileStatus, in place: MergePlace, to fd: Int32,
    hasOwner: Bool = false
  ) throws(ArchiveError) {
    let owner = hasOwner ? nil : try self.owner((status.uid, status.gid))
    try at(name) { () throws(SystemError) in
      if let owner {
        try OpenFile.setOwner(fd, uid: owner.uid, gid: owner.gid)
        try OpenFile.setMode(fd, status.permissions)
      }
      if place.hasAttributes {
        let source = place.source.descriptor.raw
        for attribute in try ExtendedAttributes.list(of: name, in: source)
        where LayerUnpacker.isWelcome(attribute) {
          let value = try ExtendedAttributes.find(attribute, of: name, in: source)
          if let value { try ExtendedAttributes.set(fd, attribute, value) }
        }
      }
      try OpenFile.setModified(fd, status.modified)
    }
  }
}
