import LinuxSystem

/// Unpacks one layer's tar into a directory of its own, as overlayfs wants a lower layer: whiteouts
/// become devices 0:0 and attributes.
///
/// Every entry is made below a descriptor of its parent, which is opened beneath the layer's root;
/// so no name, link or order of entries reaches anything outside.
public final class LayerUnpacker {
  /// What was found and done.
  public struct Summary: Sendable, Equatable {
    public var entries = 0
    /// Bytes of all files.
    public var size: Int64 = 0
    /// The layer hides everything below it.
    public var isOpaque = false
    /// Some entry has an extended attribute that layers keep.
    public var hasAttributes = false
    /// Devices that a user namespace cannot make.
    public var skippedDevices = 0
    /// Attributes that the filesystem did not take, by name.
    public var refusedAttributes: Set<String> = []
  }

  /// Bytes from which on a file's blocks are worth a call of their own.
  private static let largeFile: Int64 = 1 << 18

  let root: DirectoryHandle
  let canMakeDevices: Bool
  var summary = Summary()
  var current: Place

  /// The directory that the last entry was in, still open.
  struct Place: ~Copyable {
    /// Relative to the root; nil is the root.
    var path: RawPath?
    var directory: DirectoryHandle
    /// What its modification time must be when we leave it.
    var modified: Int64
  }

  /// Unpacks into `directory`, which must be empty; device nodes only where the kernel lets us.
  public init(into directory: String, canMakeDevices: Bool) throws(ArchiveError) {
    let root = try kernel { () throws(SystemError) in try DirectoryHandle(directory) }
    self.root = root
    self.canMakeDevices = canMakeDevices
    current = try Self.rootPlace(self.root)
  }

  /// Unpacks the whole archive; the reader is then at its end.
  public func unpack(_ reader: TarReader) throws(ArchiveError) -> Summary {
    while let entry = try reader.nextEntry() {
      try add(entry, reader)
      summary.entries += 1
    }
    try leave()
    return summary
  }

  private func add(_ entry: TarEntry, _ reader: TarReader) throws(ArchiveError) {
    let path = try EntryPath(entry.path, entry: entry.path)
    guard let name = path.name else {
      guard entry.kind == .directory else {
        throw .escapes(entry: entry.path.text, reason: "would replace the root directory")
      }
      try enter(nil, entry: entry.path)
      try applyToCurrent(entry)
      return
    }
    try enter(path.parent, entry: entry.path)
    if let whiteout = try Whiteout(name, entry: entry.path) {
      try apply(whiteout, entry)
      return
    }
    switch entry.kind {
    case .file: try makeFile(name, entry, reader)
    case .directory: try makeDirectory(name, entry)
    case .symbolicLink(let target):
      try makeRoom(for: name, entry)
      try at(entry.path) { () throws(SystemError) in
        try current.directory.makeLink(name, to: target)
      }
      try entry.finish(name, in: current.directory, hasMode: false)
    case .hardLink(let target): try makeHardLink(name, target, entry)
    case .fifo: try makeNode(name, .fifo, 0, 0, entry)
    case .characterDevice(let major, let minor):
      try makeDevice(name, .characterDevice, major, minor, entry)
    case .blockDevice(let major, let minor):
      try makeDevice(name, .blockDevice, major, minor, entry)
    }
  }

  private func makeFile(_ name: RawPath, _ entry: TarEntry, _ reader: TarReader)
    throws(ArchiveError)
  {
    let file = try newFile(name, entry)
    let fd = file.raw
    var position: Int64 = 0
    try reader.readData { (offset, bytes, range) throws(ArchiveError) in
      try at(entry.path) { () throws(SystemError) in
        if offset != position { try OpenFile.seek(fd, to: offset) }
        try OpenFile.write(fd, bytes, range)
      }
      position = offset + Int64(range.count)
    }
    if position != entry.size {
      try at(entry.path) { () throws(SystemError) in try OpenFile.setSize(fd, entry.size) }
    }
    summary.size += entry.size
    // The flush of the whole image then finds little left to do.
    if entry.size >= Self.largeFile { OpenFile.startWriting(fd) }
    try apply(entry, to: fd)
  }

  /// The common case, a new name, costs one call; only a taken one is looked at.
  private func newFile(_ name: RawPath, _ entry: TarEntry) throws(ArchiveError) -> OwnedDescriptor {
    do throws(SystemError) {
      return try current.directory.makeFile(name)
    } catch {
      guard error.errno == Errno.exists else { throw .entry(entry.path.text, error) }
    }
    try makeRoom(for: name, entry)
    return try at(entry.path) { () throws(SystemError) in try current.directory.makeFile(name) }
  }

  private func makeDirectory(_ name: RawPath, _ entry: TarEntry) throws(ArchiveError) {
    var hidesBelow = false
    let existing = try at(entry.path) { () throws(SystemError) in try current.directory.find(name) }
    if existing?.kind != .directory {
      hidesBelow = existing.map(OverlayMark.isWhiteout) ?? false
      try makeRoom(for: name, entry)
      try at(entry.path) { () throws(SystemError) in
        try current.directory.makeDirectory(name, mode: 0o700)
      }
    }
    let directory = try at(entry.path) { () throws(SystemError) in
      try current.directory.openDirectory(name)
    }
    if hidesBelow { try markOpaque(directory.descriptor.raw, entry.path) }
    try apply(entry, to: directory.descriptor.raw)
  }

  private func makeHardLink(_ name: RawPath, _ target: RawPath, _ entry: TarEntry)
    throws(ArchiveError)
  {
    let path = try EntryPath(target, entry: entry.path)
    guard let targetName = path.name else {
      throw .malformed("it links to the root directory", entry: entry.path.text)
    }
    do throws(SystemError) {
      let parent = try root.openDirectory(path.parent ?? .current, links: .inside)
      guard let there = try parent.find(targetName), there.kind != .directory,
        !OverlayMark.isWhiteout(there)
      else {
        throw SystemError("link", target.text, errno: Errno.noEntry)
      }
      // A file that is its own second name stays as it is.
      if let mine = try current.directory.find(name), mine.inode == there.inode { return }
      try current.directory.removeTree(name)
      try current.directory.makeHardLink(name, to: targetName, in: parent.descriptor.raw)
    } catch {
      guard
        [Errno.noEntry, Errno.notDirectory, Errno.loop, Errno.crossDevice].contains(error.errno)
      else { throw .entry(entry.path.text, error) }
      throw .malformed(
        "it links to \(target.text), which is not in the layer", entry: entry.path.text)
    }
  }

  private func makeDevice(
    _ name: RawPath, _ kind: FileStatus.Kind, _ major: UInt32, _ minor: UInt32, _ entry: TarEntry
  ) throws(ArchiveError) {
    // A device 0:0 would be a whiteout that the archive has no business to make.
    guard canMakeDevices, kind == .blockDevice || (major, minor) != (0, 0) else {
      summary.skippedDevices += 1
      return
    }
    try makeNode(name, kind, major, minor, entry)
  }

  private func makeNode(
    _ name: RawPath, _ kind: FileStatus.Kind, _ major: UInt32, _ minor: UInt32, _ entry: TarEntry
  ) throws(ArchiveError) {
    try makeRoom(for: name, entry)
    try at(entry.path) { () throws(SystemError) in
      try current.directory.makeNode(
        name, kind: kind, permissions: entry.permissions, major: major, minor: minor)
    }
    try entry.finish(name, in: current.directory, hasMode: true)
  }

  /// Whatever has the name makes way, as in every unpacker: the later entry wins.
  private func makeRoom(for name: RawPath, _ entry: TarEntry) throws(ArchiveError) {
    try at(entry.path) { () throws(SystemError) in try current.directory.removeTree(name) }
  }
}

extension LayerUnpacker {
  private func apply(_ whiteout: Whiteout, _ entry: TarEntry) throws(ArchiveError) {
    switch whiteout {
    case .ignored: break
    case .opaque:
      if current.path == nil { summary.isOpaque = true }
      try markOpaque(current.directory.descriptor.raw, entry.path)
    case .removed(let name):
      // A whiteout concerns the layers below; what this layer itself has stays, but hides them.
      let existing = try at(entry.path) { () throws(SystemError) in
        try current.directory.find(name)
      }
      guard let existing else {
        try at(entry.path) { () throws(SystemError) in
          try current.directory.makeNode(name, kind: .characterDevice, permissions: 0)
        }
        return
      }
      guard existing.kind == .directory else { return }
      let directory = try at(entry.path) { () throws(SystemError) in
        try current.directory.openDirectory(name)
      }
      try markOpaque(directory.descriptor.raw, entry.path)
    }
  }

  private func markOpaque(_ fd: Int32, _ entry: RawPath) throws(ArchiveError) {
    try at(entry) { () throws(SystemError) in
      try ExtendedAttributes.set(fd, OverlayMark.opaque, [UInt8(ascii: "y")])
    }
  }
}
