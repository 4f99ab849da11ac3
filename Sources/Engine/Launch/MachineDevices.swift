import LinuxSystem

/// The devices that a privileged container has of the machine's, as docker and podman give them.
struct MachineDevices {
  /// Paths and what lstat(2) says of them, by path.
  private(set) var found: [(path: String, status: FileStatus)] = []

  /// `withTerminals`: also the virtual terminals, which are a machine root's to give away; `directory`:
  /// where they are, at any depth.
  init(withTerminals: Bool, in directory: String) {
    collect(directory, isTop: true, withTerminals)
    found.sort { $0.path < $1.path }
  }

  /// What every container has of its own.
  private static let own: Set = [
    "console", "fd", "full", "hugepages", "mqueue", "null", "ptmx", "pts", "random", "shm", "tty",
    "urandom", "zero",
  ]

  private mutating func collect(_ directory: String, isTop: Bool, _ withTerminals: Bool) {
    // What may not be looked into has nothing that could be used.
    for name in (try? FileTree.list(directory)) ?? [] {
      if name.hasPrefix(".") || isTop && Self.own.contains(name) { continue }
      let isTerminal =
        isTop && name.hasPrefix("tty") && name.count > 3
        && name.utf8.dropFirst(3).allSatisfy { (0x30...0x39).contains($0) }
      if isTerminal && !withTerminals { continue }
      let path = "\(directory)/\(name)"
      guard let status = try? FileStatus.of(path) else { continue }
      switch status.kind {
      case .directory: collect(path, isTop: false, withTerminals)
      case .characterDevice, .blockDevice: found.append((path, status))
      default: continue
      }
    }
  }
}
