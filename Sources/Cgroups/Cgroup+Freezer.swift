public import LinuxSystem

extension Cgroup {
  /// Whether its processes are frozen.
  public var isFrozen: Bool {
    if let unified, let text = try? FileTree.readText("\(unified)/cgroup.freeze") {
      return text.hasPrefix("1")
    }
    if let directory = legacy("freezer"),
      let text = try? FileTree.readText("\(directory)/freezer.state")
    {
      return !text.hasPrefix("THAWED")
    }
    return false
  }

  /// Whether it has a freezer at all.
  public var canFreeze: Bool {
    if let unified, FileTree.exists("\(unified)/cgroup.freeze") { return true }
    return legacy("freezer") != nil
  }

  /// Freezes or thaws, waiting until it is so (up to two seconds).
  public func setFrozen(_ frozen: Bool) throws(SystemError) {
    if let unified, FileTree.exists("\(unified)/cgroup.freeze") {
      try FileTree.write("\(unified)/cgroup.freeze", frozen ? "1" : "0")
      return try waitUntil("\(unified)/cgroup.events", has: "frozen \(frozen ? 1 : 0)")
    }
    guard let directory = legacy("freezer") else {
      throw SystemError("freeze", "the container", errno: Errno.notSupported)
    }
    try FileTree.write("\(directory)/freezer.state", frozen ? "FROZEN" : "THAWED")
    try waitUntil("\(directory)/freezer.state", has: frozen ? "FROZEN" : "THAWED")
  }

  private func waitUntil(_ file: String, has word: String) throws(SystemError) {
    let deadline = Clock.monotonic() + 2_000_000_000
    let pipe = try OwnedDescriptor.pipe()
    while try !FileTree.readText(file).contains(word) {
      guard Clock.monotonic() < deadline else {
        throw SystemError("freeze", file, errno: Errno.busy)
      }
      // cgroup.events raises POLLPRI only where the kernel keeps it open; a short wait does.
      _ = try Descriptor.waitReadable(pipe.readEnd.raw, milliseconds: 2)
    }
  }
}
