import LinuxSystem

extension LayerUnpacker {
  static func rootPlace(_ root: borrowing DirectoryHandle) throws(ArchiveError) -> Place {
    try kernel { () throws(SystemError) in
      Place(
        path: nil, directory: try root.openDirectory(.current),
        modified: try root.status().modified)
    }
  }

  /// Makes `parent` the current directory; what is missing of it is made.
  func enter(_ parent: RawPath?, entry: RawPath) throws(ArchiveError) {
    if parent == current.path { return }
    try leave()
    guard let parent else {
      current = try Self.rootPlace(root)
      return
    }
    let directory = try openParent(parent, entry: entry)
    let modified = try at(entry) { () throws(SystemError) in try directory.status().modified }
    current = Place(path: parent, directory: directory, modified: modified)
  }

  private func openParent(_ path: RawPath, entry: RawPath) throws(ArchiveError) -> DirectoryHandle {
    do throws(SystemError) {
      return try root.openDirectory(path)
    } catch {
      guard [Errno.noEntry, Errno.notDirectory, Errno.loop].contains(error.errno) else {
        throw .entry(entry.text, error)
      }
    }
    return try makeParents(path, entry: entry)
  }

  /// Gives the current directory the modification time that our own changes to it have disturbed.
  func leave() throws(ArchiveError) {
    try kernel { () throws(SystemError) in
      try OpenFile.setModified(current.directory.descriptor.raw, current.modified)
    }
  }

  /// Goes down the path part by part.
  ///
  /// A link on the way counts when it leads to a directory of this layer (`lib` to `usr/lib`), taken
  /// as inside the layer whatever it says; any other link, and any file, is replaced by a directory.
  private func makeParents(_ path: RawPath, entry: RawPath) throws(ArchiveError) -> DirectoryHandle
  {
    var place = try at(entry) { () throws(SystemError) in try root.openDirectory(.current) }
    var sofar: RawPath?
    for part in path.bytes.split(separator: 0x2F) {
      guard let name = RawPath(part) else { continue }
      let here = sofar.map { $0.appending(name) } ?? name
      place = try at(entry) { () throws(SystemError) in
        try step(from: place, to: name, whole: here)
      }
      sofar = here
    }
    return place
  }

  private func step(
    from place: borrowing DirectoryHandle, to name: RawPath, whole: RawPath
  ) throws(SystemError) -> DirectoryHandle {
    let existing = try place.find(name)
    switch existing?.kind {
    case .directory?: return try place.openDirectory(name)
    case .symbolicLink?:
      do throws(SystemError) {
        return try root.openDirectory(whole, links: .inside)
      } catch {
        guard [Errno.noEntry, Errno.notDirectory, Errno.loop].contains(error.errno) else {
          throw error
        }
      }
    default: break
    }
    let before = try place.status().modified
    if existing != nil { try place.removeTree(name) }
    try place.makeDirectory(name, mode: 0o755)
    let made = try place.openDirectory(name)
    // No archive says anything of this directory, and the caller's umask has no say in it.
    try OpenFile.setMode(made.descriptor.raw, 0o755)
    if existing.map(OverlayMark.isWhiteout) ?? false {
      try ExtendedAttributes.set(made.descriptor.raw, OverlayMark.opaque, [UInt8(ascii: "y")])
    }
    try OpenFile.setModified(place.descriptor.raw, before)
    return made
  }
}
