import CLinux
import Glibc

/// Mounts that are not attached yet, by mount(2) alone: for kernels before 5.12 and sandboxes that
/// know no open_tree(2), fsopen(2), mount_setattr(2) and move_mount(2).
///
/// They wait in a small tmpfs over a directory of /proc that nobody mounts from, visible in the
/// caller's mount namespace alone, and are moved from there (MS_MOVE). A descriptor of such a mount
/// stays one of the same mount. Only for a process in a mount namespace of its own.
enum ClassicMount {
  /// Whether the newest of the calls is missing.
  static let isNeeded = unsafe clinux_mount_setattr(-1, "", 0, 0, 0, 0, -1) == -ENOSYS

  private static let workshop: Result<String, SystemError> = Result {
    () throws(SystemError) in try open()
  }

  private static func open() throws(SystemError) -> String {
    for place in ["/proc/tty", "/proc/sysvipc", "/proc/fs"] {
      guard let status = try? FileStatus.of(place), status.kind == .directory else { continue }
      // Nothing of this may spread to the host, nor may a moved mount's parent be shared.
      try mount(nil, "/proc", nil, CLINUX_MS_PRIVATE)
      try mount("martlet", place, "tmpfs", 0, "size=1m,mode=700")
      try mount(nil, place, nil, CLINUX_MS_PRIVATE)
      return place
    }
    throw SystemError("mount", "/proc", errno: ENOENT)
  }

  private static func mount(
    _ source: String?, _ target: String, _ type: String?, _ flags: UInt64, _ data: String? = nil
  ) throws(SystemError) {
    try check(unsafe clinux_mount(source, target, type, flags, data), "mount", target)
  }

  private static func link(_ descriptor: Int32) -> String { "/proc/self/fd/\(descriptor)" }

  private static func makePlace(isDirectory: Bool) throws(SystemError) -> String {
    let place = "\(try workshop.get())/\(Clock.monotonic())"
    if isDirectory {
      try FileTree.makeDirectory(place)
    } else {
      _ = try OwnedDescriptor.open(place, [.writeOnly, .create, .exclusive])
    }
    return place
  }

  static func copyTree(_ path: String, in directory: Int32, recursive: Bool)
    throws(SystemError) -> OwnedDescriptor
  {
    let source =
      path.isEmpty
      ? link(directory)
      : directory == OwnedDescriptor.workingDirectory ? path : "\(link(directory))/\(path)"
    let isDirectory = try FileStatus.of(source, follow: true).kind == .directory
    let place = try makePlace(isDirectory: isDirectory)
    try mount(source, place, nil, CLINUX_MS_BIND | (recursive ? CLINUX_MS_REC : 0))
    return try OwnedDescriptor.open(place, [.path])
  }

  static func makeFilesystem(
    _ type: String, source: String?, options: [String], attributes: MountCall.Attributes
  ) throws(SystemError) -> OwnedDescriptor {
    let place = try makePlace(isDirectory: true)
    // A comma would end the option: SELinux contexts have them.
    let data = options.map { option in
      guard option.contains(","), let equals = option.firstIndex(of: "=") else { return option }
      return "\(option[...equals])\"\(option[option.index(after: equals)...])\""
    }
    try mount(
      source ?? type, place, type, attributes.classicFlags, data.joined(separator: ","))
    return try OwnedDescriptor.open(place, [.path])
  }

  static func setAttributes(
    _ descriptor: Int32, set: MountCall.Attributes, clear: MountCall.Attributes,
    propagation: MountCall.Propagation?, recursive: Bool
  ) throws(SystemError) {
    if let propagation {
      try mount(
        nil, link(descriptor), nil, propagation.flag | (recursive ? CLINUX_MS_REC : 0))
    }
    guard !(set.isEmpty && clear.isEmpty) else { return }
    try change(link(descriptor), descriptor, set, clear)
    guard recursive else { return }
    for path in try mountsBelow(try FileTree.readLink(link(descriptor))) {
      let inner = try OwnedDescriptor.open(path, [.path, .noFollow])
      try change(link(inner.raw), inner.raw, set, clear)
    }
  }

  private static func change(
    _ path: String, _ descriptor: Int32, _ set: MountCall.Attributes,
    _ clear: MountCall.Attributes
  ) throws(SystemError) {
    var state: UInt64 = 0
    try check(unsafe clinux_filesystem_free(descriptor, &state), "fstatfs", path)
    let wanted = MountCall.Attributes(filesystemFlags: state).subtracting(clear).union(set)
    try mount(
      nil, path, nil, CLINUX_MS_BIND | CLINUX_MS_REMOUNT | wanted.classicFlags)
  }

  /// Mount points inside `path`.
  private static func mountsBelow(_ path: String) throws(SystemError) -> [String] {
    try MountEntry.list().map(\.place).filter { $0.hasPrefix(path + "/") }
  }

  static func move(_ descriptor: Int32, to path: String) throws(SystemError) {
    try mount(link(descriptor), path, nil, CLINUX_MS_MOVE)
  }

  static func moveWorkingDirectory(to path: String) throws(SystemError) {
    try mount(".", path, nil, CLINUX_MS_MOVE)
  }

  static func attach(_ descriptor: Int32, to target: Int32) throws(SystemError) {
    try move(descriptor, to: link(target))
  }
}

extension MountCall.Attributes {
  /// As flags of mount(2).
  fileprivate var classicFlags: UInt64 {
    let table: [(Self, UInt64)] = [
      (.readOnly, 1), (.noSetID, 2), (.noDevices, 4), (.noExecute, 8),
      (.noDirectoryAccessTime, 2_048), (.noSymbolicLinks, 256),
    ]
    let plain = table.reduce(0) { contains($1.0) ? $0 | $1.1 : $0 }
    if contains(.noAccessTime) { return plain | 1_024 }
    return plain | (contains(.strictAccessTime) ? 1 << 24 : 1 << 21)
  }

  /// From the flags of statfs(2).
  init(filesystemFlags flags: UInt64) {
    let table: [(Self, UInt64)] = [
      (.readOnly, 1), (.noSetID, 2), (.noDevices, 4), (.noExecute, 8), (.noAccessTime, 1_024),
      (.noDirectoryAccessTime, 2_048), (.noSymbolicLinks, 8_192),
    ]
    self = table.reduce([]) { flags & $1.1 == 0 ? $0 : $0.union($1.0) }
    if flags & (1_024 | 4_096) == 0 { insert(.strictAccessTime) }
  }
}
