import LinuxSystem

/// Copies layers over one another into a plain directory, as the mounted image would look, with
/// owners translated on the way.
///
/// The layers are applied lowest first. Blocks are shared where the filesystem can; with `refers`,
/// files have no contents of their own but name where in the layers these are (OverlayMark).
public final class LayerMerger {
  public typealias Owner = (uid: UInt32, gid: UInt32)

  private let target: DirectoryHandle
  private let refers: Bool
  private let owner: (Owner) throws(ArchiveError) -> Owner
  private let onProgress: (Int64) -> Void
  private var copied: Int64 = 0
  /// First names of files with several, by inode: per layer, as links never cross layers.
  private var firstNames: [UInt64: RawPath] = [:]

  /// Merges into `directory`, which exists; `owner` gives each file's owner in the copy.
  public init(
    into directory: String, refers: Bool = false,
    owner: @escaping (Owner) throws(ArchiveError) -> Owner,
    onProgress: @escaping (Int64) -> Void = { _ in }
  ) throws(ArchiveError) {
    target = try kernel { () throws(SystemError) in try DirectoryHandle(directory) }
    self.refers = refers
    self.owner = owner
    self.onProgress = onProgress
  }

  /// Applies one layer's directory.
  public func apply(_ directory: String) throws(ArchiveError) {
    firstNames = [:]
    let source = try kernel { () throws(SystemError) in try DirectoryHandle(directory) }
    let place = try kernel { () throws(SystemError) in try target.openDirectory(.current) }
    try copyEntries(of: source, to: place, path: nil)
    try copyMetadata(of: .current, in: source, to: place.descriptor.raw)
  }

  private func copyEntries(
    of source: borrowing DirectoryHandle, to place: borrowing DirectoryHandle, path: RawPath?
  ) throws(ArchiveError) {
    let names = try kernel { () throws(SystemError) in try source.names() }
    for name in names {
      let whole = path.map { $0.appending(name) } ?? name
      let status = try at(whole) { () throws(SystemError) in try source.find(name) }
      guard let status else { continue }
      try copy(name, status, from: source, to: place, whole)
    }
  }

  private func copy(
    _ name: RawPath, _ status: FileStatus, from source: borrowing DirectoryHandle,
    to place: borrowing DirectoryHandle, _ whole: RawPath
  ) throws(ArchiveError) {
    if status.kind == .directory {
      try copyDirectory(name, from: source, to: place, whole)
      return
    }
    try at(whole) { () throws(SystemError) in try place.removeTree(name) }
    if OverlayMark.isWhiteout(status) { return }
    if status.links > 1, let first = firstNames[status.inode] {
      try at(whole) { () throws(SystemError) in
        let parent = try parentHandle(of: first)
        try place.makeHardLink(name, to: lastPart(of: first), in: parent.descriptor.raw)
      }
      return
    }
    switch status.kind {
    case .regular: try copyFile(name, status, from: source, to: place, whole)
    case .symbolicLink:
      try at(whole) { () throws(SystemError) in
        try place.makeLink(name, to: try source.linkTarget(name))
      }
      try setOwner(name, status, in: place, whole)
      try setTime(name, status, in: place, whole)
    case .characterDevice, .blockDevice, .fifo, .socket:
      try at(whole) { () throws(SystemError) in
        try place.makeNode(
          name, kind: status.kind, permissions: status.permissions,
          major: status.deviceNumber.major, minor: status.deviceNumber.minor)
      }
      try setOwner(name, status, in: place, whole)
      try at(whole) { () throws(SystemError) in try place.setMode(name, status.permissions) }
      try setTime(name, status, in: place, whole)
    default: return
    }
    if status.links > 1 { firstNames[status.inode] = whole }
  }

  private func copyDirectory(
    _ name: RawPath, from source: borrowing DirectoryHandle, to place: borrowing DirectoryHandle,
    _ whole: RawPath
  ) throws(ArchiveError) {
    let isOpaque = try at(whole) { () throws(SystemError) in
      try ExtendedAttributes.find(OverlayMark.opaque, of: name, in: source.descriptor.raw)
    }
    let inner = try at(whole) { () throws(SystemError) in
      let there = try place.find(name)
      if there != nil, there?.kind != .directory || isOpaque != nil { try place.removeTree(name) }
      if there?.kind != .directory || isOpaque != nil {
        try place.makeDirectory(name, mode: 0o700)
      }
      return try place.openDirectory(name)
    }
    let from = try at(whole) { () throws(SystemError) in try source.openDirectory(name) }
    try copyEntries(of: from, to: inner, path: whole)
    try copyMetadata(of: name, in: source, to: inner.descriptor.raw)
  }

  private func copyFile(
    _ name: RawPath, _ status: FileStatus, from source: borrowing DirectoryHandle,
    to place: borrowing DirectoryHandle, _ whole: RawPath
  ) throws(ArchiveError) {
    let output = try at(whole) { () throws(SystemError) in
      let output = try place.makeFile(name)
      if refers, status.size > 0 {
        try OpenFile.setSize(output.raw, status.size)
        try ExtendedAttributes.set(
          output.raw, OverlayMark.redirect, [UInt8(ascii: "/")] + whole.bytes)
        try ExtendedAttributes.set(output.raw, OverlayMark.metadataOnly, [])
      } else {
        let input = try source.open(name)
        try OpenFile.copy(from: input.raw, to: output.raw, size: status.size)
      }
      return output
    }
    try copyMetadata(of: name, in: source, to: output.raw)
    copied += status.size
    onProgress(copied)
  }

  /// Owner, mode, attributes and time, in the order in which each survives the next.
  private func copyMetadata(
    of name: RawPath, in source: borrowing DirectoryHandle, to fd: Int32
  ) throws(ArchiveError) {
    let status = try at(name) { () throws(SystemError) in try source.find(name) }
    guard let status else { return }
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

  private func setOwner(
    _ name: RawPath, _ status: FileStatus, in place: borrowing DirectoryHandle, _ whole: RawPath
  ) throws(ArchiveError) {
    let owner = try self.owner((status.uid, status.gid))
    try at(whole) { () throws(SystemError) in
      try place.setOwner(name, uid: owner.uid, gid: owner.gid)
    }
  }

  private func setTime(
    _ name: RawPath, _ status: FileStatus, in place: borrowing DirectoryHandle, _ whole: RawPath
  ) throws(ArchiveError) {
    try at(whole) { () throws(SystemError) in try place.setModified(name, status.modified) }
  }

  private func parentHandle(of path: RawPath) throws(SystemError) -> DirectoryHandle {
    guard let slash = path.bytes.lastIndex(of: 0x2F), let parent = RawPath(path.bytes[..<slash])
    else { return try target.openDirectory(.current) }
    return try target.openDirectory(parent)
  }

  private func lastPart(of path: RawPath) -> RawPath {
    guard let slash = path.bytes.lastIndex(of: 0x2F),
      let name = RawPath(path.bytes[path.bytes.index(after: slash)...])
    else { return path }
    return name
  }
}
