import LinuxSystem

/// What an entry says of a file's metadata, given to the file.
extension TarEntry {
  /// Owner, mode and time of what cannot be opened: links and nodes.
  func finish(_ name: RawPath, in directory: borrowing DirectoryHandle, hasMode: Bool)
    throws(ArchiveError)
  {
    try owned { () throws(SystemError) in
      try directory.setOwner(name, uid: uid, gid: gid)
    }
    do throws(SystemError) {
      if hasMode { try directory.setMode(name, permissions) }
      try directory.setModified(name, modified)
    } catch { throw .entry(path.text, error) }
  }

  /// EINVAL from chown(2) means one thing: the id is not mapped here (user_namespaces(7)).
  func owned(_ body: () throws(SystemError) -> Void) throws(ArchiveError) {
    do throws(SystemError) {
      try body()
    } catch {
      guard error.errno == Errno.invalid else { throw .entry(path.text, error) }
      throw .unmappedOwner(uid: uid, gid: gid, entry: path.text)
    }
  }
}
