import LinuxSystem

/// Copies layers over one another into a plain directory, as the mounted image would look, with
/// owners translated on the way.
///
/// The layers are applied lowest first. Blocks are shared where the filesystem can; with `refers`,
/// files have no contents of their own but name where in the layers these are (OverlayMark). One
/// thread goes through the directories, a few others make their files (MergeCrew).
public final class LayerMerger {
  public typealias Owner = (uid: UInt32, gid: UInt32)

  private let target: DirectoryHandle
  private let files: MergedFiles
  /// First names of files with several, by inode: per layer, as links never cross layers.
  private var firstNames: [UInt64: RawPath] = [:]

  /// Merges into `directory`, which exists; `owner` gives each file's owner in the copy.
  ///
  /// Both closures are called on several threads. A caller with a umask of 0 saves two calls for
  /// each file.
  public init(
    into directory: String, refers: Bool = false,
    owner: @escaping @Sendable (Owner) throws(ArchiveError) -> Owner,
    onProgress: @escaping @Sendable (Int64) -> Void = { _ in }
  ) throws(ArchiveError) {
    let place = try kernel { () throws(SystemError) in try DirectoryHandle(directory) }
    let list = try kernel { () throws(SystemError) in
      try ExtendedAttributes.find(
        "system.posix_acl_default", of: .current, in: place.descriptor.raw)
    }
    target = place
    let umask = CurrentProcess.setUmask(0)
    _ = CurrentProcess.setUmask(umask)
    files = MergedFiles(
      refers: refers, mayAskForModes: list == nil && umask == 0, owner: owner,
      onProgress: onProgress)
  }

  /// Applies one layer's directory.
  ///
  /// Where `hasAttributes` is false nobody looks for any: a call less for each file.
  public func apply(_ directory: String, hasAttributes: Bool = true) throws(ArchiveError) {
    firstNames = [:]
    let place = try kernel { () throws(SystemError) in
      MergePlace(
        source: try DirectoryHandle(directory), target: try target.openDirectory(.current),
        path: nil, isNew: false, hasAttributes: hasAttributes)
    }
    let status = try kernel { () throws(SystemError) in try place.source.status() }
    let crew = try MergeCrew(files)
    do throws(ArchiveError) {
      try merge(place, status, crew)
    } catch {
      crew.abandon()
      throw error
    }
    try crew.finish()
  }

  /// Everything that changes the directory's own time comes before its files are handed over.
  private func merge(
    _ place: MergePlace, _ status: FileStatus, _ crew: MergeCrew
  ) throws(ArchiveError) {
    var batch = MergeCrew.Batch(place: place, status: status)
    var directories: [(name: RawPath, status: FileStatus, isNew: Bool)] = []
    for name in try kernel({ () throws(SystemError) in try place.source.names() }) {
      let whole = place.whole(name)
      let status = try at(whole) { () throws(SystemError) in try place.source.find(name) }
      guard let status else { continue }
      if status.kind == .directory {
        directories.append((name, status, try makeDirectory(name, in: place)))
      } else if status.links > 1, !OverlayMark.isWhiteout(status) {
        try makeLinked(name, status, in: place)
      } else {
        batch.entries.append((name, status))
      }
    }
    try crew.add(batch)
    for (name, status, isNew) in directories {
      let whole = place.whole(name)
      let inner = try at(whole) { () throws(SystemError) in
        MergePlace(
          source: try place.source.openDirectory(name),
          target: try place.target.openDirectory(name), path: whole, isNew: isNew,
          hasAttributes: place.hasAttributes)
      }
      try merge(inner, status, crew)
    }
  }

  /// Whether it is a new one, in which nothing of lower layers can be.
  private func makeDirectory(_ name: RawPath, in place: MergePlace) throws(ArchiveError) -> Bool {
    try at(place.whole(name)) { () throws(SystemError) in
      if !place.isNew, let there = try place.target.find(name) {
        let isOpaque = try ExtendedAttributes.find(
          OverlayMark.opaque, of: name, in: place.source.descriptor.raw)
        if there.kind == .directory, isOpaque == nil { return false }
        try place.target.removeTree(name)
      }
      try place.target.makeDirectory(name, mode: 0o700)
      return true
    }
  }

  private func makeLinked(
    _ name: RawPath, _ status: FileStatus, in place: MergePlace
  ) throws(ArchiveError) {
    guard let first = firstNames[status.inode] else {
      try files.make(name, status, in: place)
      firstNames[status.inode] = place.whole(name)
      return
    }
    try at(place.whole(name)) { () throws(SystemError) in
      if !place.isNew { try place.target.removeTree(name) }
      let parent = try parentHandle(of: first)
      try place.target.makeHardLink(name, to: lastPart(of: first), in: parent.descriptor.raw)
    }
  }

  private func parentHandle(of path: RawPath) throws(SystemError) -> DirectoryHandle {
    try target.openDirectory(path.parent ?? .current)
  }

  private func lastPart(of path: RawPath) -> RawPath {
    guard let slash = path.bytes.lastIndex(of: 0x2F),
      let name = RawPath(path.bytes[path.bytes.index(after: slash)...])
    else { return path }
    return name
  }
}

/// A directory of a layer, open, and the one that it is merged into.
final class MergePlace: Sendable {
  let source: DirectoryHandle
  let target: DirectoryHandle
  /// Nil for the root.
  let path: RawPath?
  /// The target was made for this layer: no name is taken.
  let isNew: Bool
  /// A file of the source may have extended attributes.
  let hasAttributes: Bool

  init(
    source: consuming DirectoryHandle, target: consuming DirectoryHandle, path: RawPath?,
    isNew: Bool, hasAttributes: Bool
  ) {
    self.hasAttributes = hasAttributes
    self.source = source
    self.target = target
    self.path = path
    self.isNew = isNew
  }

  /// An entry's path from the root.
  func whole(_ name: RawPath) -> RawPath { path.map { $0.appending(name) } ?? name }
}
