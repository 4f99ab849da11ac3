import LinuxSystem
import OCISpec

extension RootFilesystem {
  /// Every container has these (config-linux.md#default-devices).
  private static let defaultDevices: [RuntimeDevice] = [
    RuntimeDevice(.character, path: "/dev/null", major: 1, minor: 3),
    RuntimeDevice(.character, path: "/dev/zero", major: 1, minor: 5),
    RuntimeDevice(.character, path: "/dev/full", major: 1, minor: 7),
    RuntimeDevice(.character, path: "/dev/random", major: 1, minor: 8),
    RuntimeDevice(.character, path: "/dev/urandom", major: 1, minor: 9),
    RuntimeDevice(.character, path: "/dev/tty", major: 5, minor: 0),
  ]

  private static let links: [(name: String, target: String)] = [
    ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"), ("core", "/proc/kcore"),
  ]

  /// Whether the specification brings a /dev of the host's.
  private var devIsBound: Bool {
    plan.mounts.contains {
      guard case .bind = $0.kind else { return false }
      return $0.destination == "/dev" || $0.destination == "/dev/"
    }
  }

  private var hasTerminals: Bool {
    plan.mounts.contains { $0.kind == .filesystem("devpts") }
  }

  func makeDevices() throws(RuntimeError) {
    guard !devIsBound else { return }
    let named = Set(plan.devices.map(\.path))
    for device in Self.defaultDevices where !named.contains(device.path) { try make(device) }
    // The multiplexer of a devpts takes the place of one that is asked for.
    for device in plan.devices where !(hasTerminals && device.path == "/dev/ptmx") {
      try make(device)
    }
    try during("make the links of /dev") { () throws(SystemError) in
      let dev = try root.ensureDirectory("/dev")
      for link in Self.links {
        if link.name == "core" && !FileTree.exists("/proc/kcore") { continue }
        try link.name.isEmpty ? () : makeLink(link.name, to: link.target, in: dev.raw)
      }
      try replaceMultiplexer(in: dev.raw)
    }
  }

  private func makeLink(_ name: String, to target: String, in directory: Int32)
    throws(SystemError)
  {
    do throws(SystemError) {
      try FileTree.makeLink(name, to: target, in: directory)
    } catch {
      guard error.errno == Errno.exists || error.errno == Errno.readOnly else { throw error }
    }
  }

  /// /dev/ptmx belongs to the container's own devpts.
  private func replaceMultiplexer(in dev: Int32) throws(SystemError) {
    guard hasTerminals else { return }
    if try FileStatus.find("ptmx", in: dev) != nil {
      if try FileStatus.of("ptmx", in: dev).kind == .symbolicLink { return }
      try FileTree.unlink("ptmx", in: dev)
    }
    try FileTree.makeLink("ptmx", to: "pts/ptmx", in: dev)
  }

  private func make(_ given: RuntimeDevice) throws(RuntimeError) {
    var device = given
    device.path = "/" + device.path.split(separator: "/").joined(separator: "/")
    guard given.path.hasPrefix("/"), device.path != "/", let major = UInt32(exactly: device.major),
      let minor = UInt32(exactly: device.minor)
    else { throw .unusable(field: "linux.devices", "`\(device.path)` is not a device's path") }
    try during("make the device \(device.path)") { () throws(SystemError) in
      let (parent, name) = Self.split(device.path)
      let directory = try root.ensureDirectory(parent)
      if plan.mayMakeDevices || device.type == .fifo {
        try makeNode(device, name, in: directory.raw, major, minor)
      } else {
        try bindNode(device, name, in: directory.raw, major, minor)
      }
    }
  }

  private func makeNode(
    _ device: RuntimeDevice, _ name: String, in directory: Int32, _ major: UInt32,
    _ minor: UInt32
  ) throws(SystemError) {
    let kind: FileNode.DeviceKind =
      switch device.type {
      case .block: .block
      case .fifo: .fifo
      case .character, .unbufferedCharacter: .character
      }
    if let old = try FileStatus.find(name, in: directory) {
      // What an image left there is not trusted to be what its name says.
      guard old.kind != .directory else {
        throw SystemError("mknod", device.path, errno: Errno.isDirectory)
      }
      try FileTree.unlink(name, in: directory)
    }
    let mode = (device.fileMode ?? 0o666) & 0o7777
    try FileNode.makeDevice(name, in: directory, kind, mode: mode, major: major, minor: minor)
    let node = try OwnedDescriptor.open(name, [.path, .noFollow], in: directory)
    try FileNode.setMode(descriptor: node.raw, mode)
    try FileNode.setOwner(descriptor: node.raw, uid: device.uid ?? 0, gid: device.gid ?? 0)
  }

  /// In a user namespace nodes cannot be made: the host's are bound (user_namespaces(7)).
  private func bindNode(
    _ device: RuntimeDevice, _ name: String, in directory: Int32, _ major: UInt32,
    _ minor: UInt32
  ) throws(SystemError) {
    let tree: OwnedDescriptor
    if let prepared = plan.preparedDevices[device.path] {
      tree = OwnedDescriptor(owning: prepared)
    } else {
      tree = try MountTree.copy(device.path)
      let status = try FileStatus.of(descriptor: tree.raw)
      guard status.deviceNumber == (major, minor),
        status.kind == (device.type == .block ? .blockDevice : .characterDevice)
      else { throw SystemError("bind", "\(device.path) of the host", errno: Errno.noDevice) }
      try MountTree.setAttributes(
        tree.raw, set: [.noSetID, .noExecute], subject: device.path)
    }
    if let old = try FileStatus.find(name, in: directory), old.kind == .symbolicLink {
      try FileTree.unlink(name, in: directory)
    }
    try FileNode.ensureFile(name, in: directory)
    let place = try OwnedDescriptor.open(name, [.path, .noFollow], in: directory)
    try MountTree.attach(tree.raw, to: place.raw, subject: device.path)
  }

  // MARK: masked and read-only paths

  func protectPaths() throws(RuntimeError) {
    for path in plan.readonlyPaths {
      try during("make \(path) read-only") { () throws(SystemError) in try makeReadOnly(path) }
    }
    guard !plan.maskedPaths.isEmpty else { return }
    try during("mask paths") { () throws(SystemError) in try mask(plan.maskedPaths) }
  }

  private func existing(_ path: String) throws(SystemError) -> OwnedDescriptor? {
    do throws(SystemError) {
      return try root.open(path, [.path])
    } catch {
      let missing = [Errno.noEntry, Errno.notDirectory, Errno.accessDenied]
      if missing.contains(error.errno) { return nil }
      throw error
    }
  }

  private func makeReadOnly(_ path: String) throws(SystemError) {
    guard let place = try existing(path) else { return }
    let tree = try MountTree.copy("", in: place.raw, recursive: true, subject: path)
    try MountTree.setAttributes(tree.raw, set: .readOnly, recursive: true, subject: path)
    try MountTree.attach(tree.raw, to: place.raw, subject: path)
  }

  private func mask(_ paths: [String]) throws(SystemError) {
    // The container's /dev/null may be anything by now, so it is known by its number, through the
    // descriptor that is then mounted (CVE-2025-31133).
    let null = try root.open("/dev/null", [.path, .noFollow])
    let status = try FileStatus.of(descriptor: null.raw)
    guard status.kind == .characterDevice, status.deviceNumber == (1, 3) else {
      throw SystemError("check", "/dev/null of the container", errno: Errno.noDevice)
    }
    var emptyDirectory: Int32 = -1
    defer { if emptyDirectory >= 0 { Descriptor.close(emptyDirectory) } }
    for path in paths {
      guard let place = try existing(path) else { continue }
      guard try FileStatus.of(descriptor: place.raw).kind == .directory else {
        let tree = try MountTree.copy("", in: null.raw, subject: "/dev/null")
        try MountTree.attach(tree.raw, to: place.raw, subject: path)
        continue
      }
      // One empty filesystem serves all: the first mount is copied for the others.
      let tree =
        emptyDirectory >= 0
        ? try MountTree.copy("", in: emptyDirectory, subject: "tmpfs")
        : try MountTree.make(
          "tmpfs", source: "tmpfs", options: ["size=0", "nr_inodes=1", "mode=0555"],
          attributes: [.readOnly, .noSetID, .noDevices, .noExecute])
      try MountTree.attach(tree.raw, to: place.raw, subject: path)
      if emptyDirectory < 0 { emptyDirectory = tree.release() }
    }
  }

  // MARK: the terminal

  /// Opens a terminal of the container's own devpts, binds it to /dev/console and returns it.
  func makeTerminal() throws(RuntimeError) -> PseudoTerminal {
    let process = plan.process
    return try during("make the terminal") { () throws(SystemError) in
      let terminal = try ContainerTerminal.open(in: root, process)
      try ContainerTerminal.own(terminal.peer.raw, process)
      try bindConsole(terminal)
      return terminal
    }
  }

  /// The mounted node must be the very one we hold (CVE-2025-52565).
  private func bindConsole(_ terminal: borrowing PseudoTerminal) throws(SystemError) {
    let node = try root.open("/dev/pts/\(terminal.number)", [.path, .noFollow])
    let held = try FileStatus.of(descriptor: terminal.peer.raw)
    let found = try FileStatus.of(descriptor: node.raw)
    guard held.device == found.device, held.inode == found.inode else {
      throw SystemError("check", "/dev/pts/\(terminal.number)", errno: Errno.noDevice)
    }
    let tree = try MountTree.copy("", in: node.raw, subject: "/dev/pts/\(terminal.number)")
    let dev = try root.ensureDirectory("/dev")
    if let old = try FileStatus.find("console", in: dev.raw), old.kind == .symbolicLink {
      try FileTree.unlink("console", in: dev.raw)
    }
    try FileNode.ensureFile("console", in: dev.raw, mode: 0o620)
    let place = try OwnedDescriptor.open("console", [.path, .noFollow], in: dev.raw)
    try MountTree.attach(tree.raw, to: place.raw, subject: "/dev/console")
  }
}
