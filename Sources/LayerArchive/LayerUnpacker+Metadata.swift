import LinuxSystem

extension LayerUnpacker {
  /// Owner, mode, attributes and time of the open file or directory.
  func apply(_ entry: TarEntry, to fd: Int32) throws(ArchiveError) {
    try entry.owned { () throws(SystemError) in
      try OpenFile.setOwner(fd, uid: entry.uid, gid: entry.gid)
    }
    // After the owner: chown(2) clears set-id bits and capabilities.
    try at(entry.path) { () throws(SystemError) in
      try OpenFile.setMode(fd, entry.permissions)
    }
    for attribute in entry.attributes where Self.isWelcome(attribute.name) {
      summary.hasAttributes = true
      try set(attribute, on: fd, entry)
    }
    try at(entry.path) { () throws(SystemError) in
      try OpenFile.setModified(fd, entry.modified)
    }
  }

  /// The same for the root of the layer, whose time is set on leaving it.
  func applyToCurrent(_ entry: TarEntry) throws(ArchiveError) {
    try apply(entry, to: current.directory.descriptor.raw)
    current.modified = entry.modified
  }

  /// A user's own attributes and file capabilities.
  ///
  /// Never `user.overlay.*` or `trusted.overlay.*`, which would forge whiteouts and redirects; nor
  /// labels of the machine that made the layer.
  static func isWelcome(_ name: String) -> Bool {
    if name == "security.capability" { return true }
    return name.hasPrefix("user.") && !name.hasPrefix("user.overlay.")
      && !name.utf8.contains(0)
  }

  private func set(
    _ attribute: (name: String, value: [UInt8]), on fd: Int32, _ entry: TarEntry
  ) throws(ArchiveError) {
    do throws(SystemError) {
      try ExtendedAttributes.set(fd, attribute.name, attribute.value)
    } catch {
      // A filesystem without attributes, or a capability that this namespace may not give, must not
      // make the image unusable: it is told once.
      switch error.errno {
      case Errno.notSupported, Errno.notPermitted, Errno.accessDenied, Errno.invalid:
        summary.refusedAttributes.insert(attribute.name)
      default: throw .entry(entry.path.text, error)
      }
    }
  }
}
