import CLinux
import Glibc

/// Mounts by descriptor: made detached, changed, then attached to an open target, so no path is
/// looked up twice (open_tree(2), fsopen(2), mount_setattr(2), move_mount(2); Linux 5.12).
public enum MountCall {
  /// Attributes of a mount (mount_setattr(2)).
  public struct Attributes: OptionSet, Sendable, Hashable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public static let readOnly = Attributes(rawValue: CLINUX_MOUNT_ATTR_RDONLY)
    public static let noSetID = Attributes(rawValue: CLINUX_MOUNT_ATTR_NOSUID)
    public static let noDevices = Attributes(rawValue: CLINUX_MOUNT_ATTR_NODEV)
    public static let noExecute = Attributes(rawValue: CLINUX_MOUNT_ATTR_NOEXEC)
    public static let noAccessTime = Attributes(rawValue: CLINUX_MOUNT_ATTR_NOATIME)
    public static let strictAccessTime = Attributes(rawValue: CLINUX_MOUNT_ATTR_STRICTATIME)
    public static let noDirectoryAccessTime = Attributes(
      rawValue: CLINUX_MOUNT_ATTR_NODIRATIME)
    public static let noSymbolicLinks = Attributes(rawValue: CLINUX_MOUNT_ATTR_NOSYMFOLLOW)
    /// The field that holds the access-time mode: cleared as a whole when one is set.
    public static let accessTimeModes = Attributes(rawValue: CLINUX_MOUNT_ATTR__ATIME)
    static let idMapped = Attributes(rawValue: CLINUX_MOUNT_ATTR_IDMAP)
  }

  /// mount_namespaces(7).
  public enum Propagation: Sendable {
    case shared, slave, `private`, unbindable

    var flag: UInt64 {
      switch self {
      case .shared: CLINUX_MS_SHARED
      case .slave: CLINUX_MS_SLAVE
      case .private: CLINUX_MS_PRIVATE
      case .unbindable: CLINUX_MS_UNBINDABLE
      }
    }
  }

  /// A detached copy of the mount at `path`, or of what the descriptor `directory` itself is when
  /// the path is empty.
  public static func copyTree(
    _ path: String, in directory: Int32 = OwnedDescriptor.workingDirectory, recursive: Bool = false,
    subject: String? = nil
  ) throws(SystemError) -> OwnedDescriptor {
    var flags = CLINUX_OPEN_TREE_CLONE | CLINUX_OPEN_TREE_CLOEXEC
    if recursive { flags |= CLINUX_AT_RECURSIVE }
    if path.isEmpty { flags |= CLINUX_AT_EMPTY_PATH }
    return OwnedDescriptor(
      owning: try check(
        unsafe clinux_open_tree(directory, path, flags), "open_tree", subject ?? path))
  }

  /// A detached copy of the mount at `path`, or of the directory that is open, through which nobody can
  /// write.
  public static func readOnlyCopy(
    of path: String = "", in directory: Int32 = OwnedDescriptor.workingDirectory
  ) throws(SystemError) -> OwnedDescriptor {
    let tree = try copyTree(path, in: directory)
    try setAttributes(tree.raw, set: [.readOnly, .noSetID, .noDevices])
    return tree
  }

  /// A new, detached mount of a filesystem.
  ///
  /// `options` is the filesystem's own, `key` or `key=value`.
  /// `source` is the device or name it shows as its source.
  public static func makeFilesystem(
    _ type: String, source: String? = nil, options: [String] = [], attributes: Attributes = []
  ) throws(SystemError) -> OwnedDescriptor {
    let context = OwnedDescriptor(
      owning: try check(unsafe clinux_fsopen(type, CLINUX_FSOPEN_CLOEXEC), "fsopen", type))
    if let source { try set(context.raw, "source", source, type) }
    for option in options {
      guard let equals = option.firstIndex(of: "=") else {
        try set(context.raw, option, nil, type)
        continue
      }
      try set(
        context.raw, String(option[..<equals]), String(option[option.index(after: equals)...]),
        type)
    }
    let created = clinux_fsconfig(context.raw, CLINUX_FSCONFIG_CMD_CREATE, nil, nil, 0)
    if created < 0 { throw failure(context.raw, "mount", type, created) }
    return OwnedDescriptor(
      owning: try check(
        clinux_fsmount(context.raw, CLINUX_FSMOUNT_CLOEXEC, UInt32(attributes.rawValue)),
        "fsmount", type))
  }

  private static func set(_ context: Int32, _ key: String, _ value: String?, _ type: String)
    throws(SystemError)
  {
    let result =
      if let value {
        unsafe value.withCString {
          unsafe clinux_fsconfig(context, CLINUX_FSCONFIG_SET_STRING, key, $0, 0)
        }
      } else {
        unsafe clinux_fsconfig(context, CLINUX_FSCONFIG_SET_FLAG, key, nil, 0)
      }
    if result < 0 {
      throw failure(
        context, "mount", "\(type) option \(key)\(value.map { "=\($0)" } ?? "")", result)
    }
  }

  /// The kernel's own message, if it left one in the context (fsopen(2): read it).
  private static func failure(_ context: Int32, _ call: String, _ subject: String, _ result: Int32)
    -> SystemError
  {
    var subject = subject
    if let log = try? Descriptor.read(context, upTo: 512), log.count > 2 {
      let text = String(decoding: log.dropFirst(2).prefix { $0 != 0x0A && $0 != 0 }, as: UTF8.self)
      subject += " (\(text))"
    }
    return SystemError(call, subject, errno: -result)
  }

  /// Changes a mount's attributes, its propagation or its id map.
  public static func setAttributes(
    _ mount: Int32, set: Attributes = [], clear: Attributes = [],
    propagation: Propagation? = nil, recursive: Bool = false, idMap: Int32? = nil,
    subject: String = ""
  ) throws(SystemError) {
    let flags = CLINUX_AT_EMPTY_PATH | (recursive ? CLINUX_AT_RECURSIVE : 0)
    let set = idMap == nil ? set : set.union(.idMapped)
    try check(
      unsafe clinux_mount_setattr(
        mount, "", flags, set.rawValue, clear.rawValue, propagation?.flag ?? 0, idMap ?? -1),
      "mount_setattr", subject)
  }

  /// Attaches a detached mount over what `target` is open on.
  public static func attach(_ mount: Int32, to target: Int32, subject: String = "")
    throws(SystemError)
  {
    try check(
      unsafe clinux_move_mount(
        mount, "", target, "", CLINUX_MOVE_MOUNT_F_EMPTY_PATH | CLINUX_MOVE_MOUNT_T_EMPTY_PATH),
      "move_mount", subject)
  }

  /// Moves an attached mount over the path in the caller's root.
  public static func move(_ mount: Int32, to path: String) throws(SystemError) {
    try check(
      unsafe clinux_move_mount(
        mount, "", OwnedDescriptor.workingDirectory, path, CLINUX_MOVE_MOUNT_F_EMPTY_PATH),
      "move_mount", path)
  }

  /// Changes how mount events spread at `path` (mount(2)).
  public static func setPropagation(_ path: String, _ kind: Propagation, recursive: Bool)
    throws(SystemError)
  {
    let flags = kind.flag | (recursive ? CLINUX_MS_REC : 0)
    try check(unsafe clinux_mount(nil, path, nil, flags, nil), "mount propagation", path)
  }

  /// Makes the working directory the root and puts the old one over it, which `detach(".")` then
  /// takes away (pivot_root(2), "pivot_root(".", ".")").
  public static func pivotToWorkingDirectory() throws(SystemError) {
    try check(unsafe clinux_pivot_root(".", "."), "pivot_root")
  }

  /// Unmounts lazily, with everything below (umount2(2), MNT_DETACH).
  public static func detach(_ path: String) throws(SystemError) {
    try check(unsafe clinux_umount(path, Int32(CLINUX_MNT_DETACH)), "umount", path)
  }

  /// The magic number of the filesystem that `descriptor` is on (statfs(2)).
  public static func filesystemMagic(_ descriptor: Int32) throws(SystemError) -> Int64 {
    try check(clinux_filesystem_magic(descriptor), "fstatfs", "\(descriptor)")
  }

  /// Whether the mount that `descriptor` is on is read-only (statfs(2), ST_RDONLY).
  public static func isReadOnly(_ descriptor: Int32) throws(SystemError) -> Bool {
    var flags: UInt64 = 0
    try check(unsafe clinux_filesystem_free(descriptor, &flags), "fstatfs", "\(descriptor)")
    return flags & 1 != 0
  }

  /// The attributes of the mount that `path` leads to (statfs(2)).
  public static func attributes(of path: String) throws(SystemError) -> Attributes {
    let file = try OwnedDescriptor.open(path, [.path])
    var flags: UInt64 = 0
    try check(unsafe clinux_filesystem_free(file.raw, &flags), "statfs", path)
    return Attributes(filesystemFlags: flags)
  }

  /// Numbers of `filesystemMagic`.
  public enum Magic {
    public static let proc: Int64 = 0x9FA0
    public static let cgroup2: Int64 = 0x6367_7270
    public static let devpts: Int64 = 0x1CD1
    public static let tmpfs: Int64 = 0x0102_1994
  }
}
