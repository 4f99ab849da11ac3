public import LinuxSystem

/// Makes entries below a directory of a tree that others may be changing at the same time.
///
/// Every entry is made in an open parent directory that was resolved inside the tree's root, and no
/// call follows a link that has the entry's own name: whatever changes meanwhile, nothing outside of
/// the root is reached.
public final class TreeReceiver: EntrySink {
  public typealias Owner = (uid: UInt32, gid: UInt32)

  public struct Options {
    /// Each entry's owner in the tree.
    public var owner: (Owner) throws(ArchiveError) -> Owner = { (owner) throws(ArchiveError) in
      owner
    }
    /// Directories replace other files and the other way round.
    public var replacesOtherKinds = false
    /// Otherwise devices are left out.
    public var makesDevices = false

    public init() {}
  }

  let root: DirectoryHandle
  let base: DirectoryHandle
  /// `base` as seen from `root`, for parents that are reached by links.
  let basePath: RawPath
  let options: Options
  private var parent: Parent
  private var file: OpenEntry?
  /// Directories get their times when nothing more is put into them.
  private var directories: [(path: RawPath, modified: Int64)] = []

  private struct Parent: ~Copyable {
    var path: RawPath?
    var directory: DirectoryHandle
  }

  private final class OpenEntry {
    let entry: TarEntry
    let descriptor: OwnedDescriptor
    var position: Int64 = 0

    init(_ entry: TarEntry, _ descriptor: consuming OwnedDescriptor) {
      self.entry = entry
      self.descriptor = descriptor
    }
  }

  /// `path`: a directory that exists, as a process with this root would name it.
  public init(
    root: consuming DirectoryHandle, path: RawPath, _ options: Options = Options()
  ) throws(ArchiveError) {
    let opened = try at(path) { () throws(SystemError) in
      try root.openDirectory(path, links: .inside, crossesMounts: true)
    }
    parent = Parent(
      path: nil,
      directory: try at(path) { () throws(SystemError) in
        try opened.openDirectory(.current)
      })
    base = opened
    basePath = path
    self.root = root
    self.options = options
  }

  public func begin(_ entry: TarEntry) throws(ArchiveError) {
    let path = try EntryPath(entry.path, entry: entry.path)
    // The directory itself is there already and stays as it is.
    guard let name = path.name else { return }
    try enter(path.parent, entry.path)
    var entry = entry
    (entry.uid, entry.gid) = try options.owner((entry.uid, entry.gid))
    switch entry.kind {
    case .directory: try makeDirectory(name, entry, place(path))
    case .file: try makeFile(name, entry)
    case .symbolicLink(let target):
      try makeRoom(for: name, entry)
      try at(entry.path) { () throws(SystemError) in
        try parent.directory.makeLink(name, to: target)
      }
      try entry.finish(name, in: parent.directory, hasMode: false)
    case .hardLink(let target): try makeHardLink(name, target, entry)
    case .fifo: try makeNode(name, .fifo, 0, 0, entry)
    case .characterDevice(let major, let minor):
      if options.makesDevices { try makeNode(name, .characterDevice, major, minor, entry) }
    case .blockDevice(let major, let minor):
      if options.makesDevices { try makeNode(name, .blockDevice, major, minor, entry) }
    }
  }

  public func write(_ bytes: [UInt8], _ range: Range<Int>, at offset: Int64) throws(ArchiveError) {
    guard let file else { return }
    let descriptor = file.descriptor.raw
    try at(file.entry.path) { () throws(SystemError) in
      if offset != file.position { try OpenFile.seek(descriptor, to: offset) }
      try OpenFile.write(descriptor, bytes, range)
    }
    file.position = offset + Int64(range.count)
  }

  public func copy(from source: Int32) throws(ArchiveError) {
    guard let file else { return }
    try at(file.entry.path) { () throws(SystemError) in
      try OpenFile.copy(from: source, to: file.descriptor.raw, size: file.entry.size)
    }
    file.position = file.entry.size
  }

  public func end() throws(ArchiveError) {
    guard let done = file else { return }
    file = nil
    if done.position < done.entry.size {
      try at(done.entry.path) { () throws(SystemError) in
        try OpenFile.setSize(done.descriptor.raw, done.entry.size)
      }
    }
    try apply(done.entry, to: done.descriptor.raw, setsTime: true)
  }

  public func finish() throws(ArchiveError) {
    for (path, modified) in directories.reversed() {
      // What somebody else has replaced meanwhile is his.
      guard let directory = try? base.openDirectory(path, crossesMounts: true) else { continue }
      try at(path) { () throws(SystemError) in
        try OpenFile.setModified(directory.descriptor.raw, modified)
      }
    }
    directories = []
  }
}

extension TreeReceiver {
  private func place(_ path: EntryPath) -> RawPath {
    RawPath(Array(path.parts.joined(separator: [0x2F]))) ?? .current
  }

  /// Opens the directory that the next entries are in; archives may leave out directories.
  private func enter(_ path: RawPath?, _ entry: RawPath) throws(ArchiveError) {
    if path == parent.path { return }
    guard let path else {
      let directory = try at(entry) { () throws(SystemError) in try base.openDirectory(.current) }
      parent = Parent(path: nil, directory: directory)
      return
    }
    let directory = try at(entry) { () throws(SystemError) in try openParent(path) }
    parent = Parent(path: path, directory: directory)
  }

  private func openParent(_ path: RawPath) throws(SystemError) -> DirectoryHandle {
    do throws(SystemError) {
      return try base.openDirectory(path, crossesMounts: true)
    } catch {
      guard error.errno == Errno.noEntry || error.errno == Errno.loop else { throw error }
    }
    var sofar: RawPath?
    var place = try base.openDirectory(.current)
    for part in path.bytes.split(separator: 0x2F) {
      guard let name = RawPath(part) else { continue }
      let here = sofar.map { $0.appending(name) } ?? name
      place = try step(from: place, to: name, whole: here)
      sofar = here
    }
    return place
  }

  private func step(
    from place: borrowing DirectoryHandle, to name: RawPath, whole: RawPath
  ) throws(SystemError) -> DirectoryHandle {
    do throws(SystemError) {
      return try place.openDirectory(name, crossesMounts: true)
    } catch {
      switch error.errno {
      case Errno.loop:
        // A link such as /lib: it counts as a process inside would take it.
        return try root.openDirectory(
          basePath.appending(whole), links: .inside, crossesMounts: true)
      case Errno.noEntry:
        try place.makeDirectory(name, mode: 0o755)
        let made = try place.openDirectory(name, crossesMounts: true)
        try OpenFile.setMode(made.descriptor.raw, 0o755)
        return made
      default: throw error
      }
    }
  }

  private func makeDirectory(_ name: RawPath, _ entry: TarEntry, _ path: RawPath)
    throws(ArchiveError)
  {
    let existing = try at(entry.path) { () throws(SystemError) in
      try parent.directory.find(name)
    }
    if existing?.kind != .directory {
      if existing != nil {
        guard options.replacesOtherKinds else {
          throw .source(ReceiverRefusal.overwritesFile(entry.path.text, in: basePath))
        }
        try remove(name, entry)
      }
      try at(entry.path) { () throws(SystemError) in
        try parent.directory.makeDirectory(name, mode: 0o700)
      }
    }
    let made = try at(entry.path) { () throws(SystemError) in
      try parent.directory.openDirectory(name, crossesMounts: true)
    }
    try apply(entry, to: made.descriptor.raw, setsTime: false)
    directories.append((path, entry.modified))
  }

  private func makeFile(_ name: RawPath, _ entry: TarEntry) throws(ArchiveError) {
    do throws(SystemError) {
      file = OpenEntry(entry, try parent.directory.makeFile(name))
      return
    } catch {
      guard error.errno == Errno.exists else { throw .entry(entry.path.text, error) }
    }
    do throws(ArchiveError) {
      try makeRoom(for: name, entry)
    } catch {
      // A file that something is mounted on, such as /etc/hosts: it is written in place.
      guard case .entry(_, let reason) = error, reason.errno == Errno.busy else { throw error }
      file = OpenEntry(
        entry,
        try at(entry.path) { () throws(SystemError) in
          try parent.directory.open(
            name, [.writeOnly, .truncate, .noFollow], crossesMounts: true)
        })
      return
    }
    file = OpenEntry(
      entry, try at(entry.path) { () throws(SystemError) in try parent.directory.makeFile(name) })
  }

  private func makeHardLink(_ name: RawPath, _ target: RawPath, _ entry: TarEntry)
    throws(ArchiveError)
  {
    let path = try EntryPath(target, entry: entry.path)
    guard let targetName = path.name else {
      throw .malformed("it links to the directory itself", entry: entry.path.text)
    }
    try at(entry.path) { () throws(SystemError) in
      let place = try openParent(path.parent ?? .current)
      if let mine = try parent.directory.find(name), let there = try place.find(targetName),
        mine.inode == there.inode, mine.device == there.device
      {
        return
      }
    }
    try makeRoom(for: name, entry)
    try at(entry.path) { () throws(SystemError) in
      let place = try openParent(path.parent ?? .current)
      try parent.directory.makeHardLink(name, to: targetName, in: place.descriptor.raw)
    }
  }

  private func makeNode(
    _ name: RawPath, _ kind: FileStatus.Kind, _ major: UInt32, _ minor: UInt32, _ entry: TarEntry
  ) throws(ArchiveError) {
    try makeRoom(for: name, entry)
    try at(entry.path) { () throws(SystemError) in
      try parent.directory.makeNode(
        name, kind: kind, permissions: entry.permissions, major: major, minor: minor)
    }
    try entry.finish(name, in: parent.directory, hasMode: true)
  }

  /// Removes the file that has the name; a directory only on request.
  private func makeRoom(for name: RawPath, _ entry: TarEntry) throws(ArchiveError) {
    let existing = try at(entry.path) { () throws(SystemError) in
      try parent.directory.find(name)
    }
    guard let existing else { return }
    guard existing.kind != .directory || options.replacesOtherKinds else {
      throw .source(ReceiverRefusal.overwritesDirectory(entry.path.text, in: basePath))
    }
    try remove(name, entry)
  }

  private func remove(_ name: RawPath, _ entry: TarEntry) throws(ArchiveError) {
    try at(entry.path) { () throws(SystemError) in try parent.directory.removeTree(name) }
  }

  private func apply(_ entry: TarEntry, to fd: Int32, setsTime: Bool) throws(ArchiveError) {
    try entry.owned { () throws(SystemError) in
      try OpenFile.setOwner(fd, uid: entry.uid, gid: entry.gid)
    }
    try at(entry.path) { () throws(SystemError) in
      try OpenFile.setMode(fd, entry.permissions)
      for attribute in entry.attributes where LayerUnpacker.isWelcome(attribute.name) {
        do throws(SystemError) {
          try ExtendedAttributes.set(fd, attribute.name, attribute.value)
        } catch {
          // A filesystem without attributes, such as an old tmpfs, still takes the file.
          guard [Errno.notSupported, Errno.notPermitted, Errno.invalid].contains(error.errno)
          else { throw error }
        }
      }
      if setsTime { try OpenFile.setModified(fd, entry.modified) }
    }
  }
}
