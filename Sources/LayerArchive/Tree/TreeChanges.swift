public import LinuxSystem

/// What a whole copy of an image's files has become, found by walking both in one pass.
///
/// Size, time, mode and owner decide. A file that was touched since the copy was made without a trace
/// of that in those (its inode's time of change tells) has its attributes, link target and content
/// compared.
public struct TreeChanges {
  public typealias Owner = (uid: UInt32, gid: UInt32)

  public enum Kind: Sendable { case added, changed, deleted }

  public struct Change: Sendable {
    public let kind: Kind
    /// Relative to the tree's root.
    public let path: RawPath
    /// Nil for what is gone.
    public let status: FileStatus?
  }

  private let since: Int64
  private let owner: (Owner) -> Owner
  private var changes: [Change] = []

  /// `since`: when the copy was whole, in nanoseconds since the epoch as its filesystem counts;
  /// `owner` gives the owner in the image that one in the tree stands for.
  private init(since: Int64, owner: @escaping (Owner) -> Owner) {
    self.since = since
    self.owner = owner
  }

  /// All changes in `tree` of what `layers` (lowest first) show, parents first, in the order of names.
  public static func find(
    in tree: String, of layers: [String], since: Int64, owner: @escaping (Owner) -> Owner
  ) throws(ArchiveError) -> [Change] {
    var walk = TreeChanges(since: since, owner: owner)
    let root = try kernel { () throws(SystemError) in try DirectoryHandle(tree) }
    try walk.compare(root, try StackDirectory(layers), nil)
    return walk.changes
  }

  private mutating func compare(
    _ directory: borrowing DirectoryHandle, _ below: StackDirectory, _ path: RawPath?
  ) throws(ArchiveError) {
    let old = try below.entries()
    let names = Set(try kernel { () throws(SystemError) in try directory.names() })
    let all = names.union(old.keys).sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    for name in all {
      let whole = path.map { $0.appending(name) } ?? name
      let found = try at(whole) { () throws(SystemError) in try directory.find(name) }
      guard let status = found else {
        // One that vanishes while we look and that the image does not have is no change.
        if old[name] != nil { changes.append(Change(kind: .deleted, path: whole, status: nil)) }
        continue
      }
      try compare(name, status, in: directory, old[name], of: below, whole)
    }
  }

  private mutating func compare(
    _ name: RawPath, _ status: FileStatus, in directory: borrowing DirectoryHandle,
    _ entry: StackDirectory.Entry?, of below: StackDirectory, _ whole: RawPath
  ) throws(ArchiveError) {
    let start = changes.count
    var inner = StackDirectory.none
    var kind: Kind? = .added
    if let entry {
      kind = try differs(name, status, in: directory, entry, of: below) ? .changed : nil
      if entry.status.kind == .directory, status.kind == .directory {
        inner = try below.directory(name)
      }
    }
    if status.kind == .directory {
      let handle = try at(whole) { () throws(SystemError) in try directory.openDirectory(name) }
      try compare(handle, inner, whole)
    }
    // A layer with a changed file needs the directories that it is in.
    if kind == nil, changes.count > start { kind = .changed }
    if let kind { changes.insert(Change(kind: kind, path: whole, status: status), at: start) }
  }

  private func differs(
    _ name: RawPath, _ status: FileStatus, in directory: borrowing DirectoryHandle,
    _ entry: StackDirectory.Entry, of below: StackDirectory
  ) throws(ArchiveError) -> Bool {
    let old = entry.status
    let owner = owner((status.uid, status.gid))
    if status.kind != old.kind || owner.uid != old.uid || owner.gid != old.gid { return true }
    if status.modified != old.modified { return true }
    if status.kind == .symbolicLink {
      if status.changed < since { return false }
      let target = try at(name) { () throws(SystemError) in try directory.linkTarget(name) }
      return try below.linkTarget(name, entry) != target
    }
    if status.permissions != old.permissions { return true }
    if status.kind == .regular, status.size != old.size { return true }
    if status.deviceNumber != old.deviceNumber { return true }
    if status.changed < since { return false }
    guard status.kind == .regular || status.kind == .directory else { return false }
    // Another name of the same file is among the changes, and the layer needs both.
    if status.kind == .regular, status.links > old.links { return true }
    if try StackDirectory.attributes(name, in: directory) != below.attributes(name, entry) {
      return true
    }
    guard status.kind == .regular else { return false }
    return try contentDiffers(name, in: directory, entry, of: below)
  }

  private func contentDiffers(
    _ name: RawPath, in directory: borrowing DirectoryHandle, _ entry: StackDirectory.Entry,
    of below: StackDirectory
  ) throws(ArchiveError) -> Bool {
    let old = try below.open(name, entry)
    let new = try at(name) { () throws(SystemError) in
      try directory.open(name, [.nonBlocking, .noFollow])
    }
    return try at(name) { () throws(SystemError) in try Self.differ(new.raw, old.raw) }
  }

  private static func differ(_ a: Int32, _ b: Int32) throws(SystemError) -> Bool {
    while true {
      let bytes = try piece(a)
      if bytes != (try piece(b)) { return true }
      if bytes.isEmpty { return false }
    }
  }

  /// As much as is there, up to a fixed size: a short read must not shift one file against the other.
  private static func piece(_ file: Int32) throws(SystemError) -> [UInt8] {
    let size = 1 << 18
    var bytes = try Descriptor.read(file, upTo: size)
    while bytes.count < size, !bytes.isEmpty {
      let more = try Descriptor.read(file, upTo: size - bytes.count)
      if more.isEmpty { break }
      bytes += more
    }
    return bytes
  }
}
