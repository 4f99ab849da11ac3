import CLinux

/// Mounts by path (mount(2)): for our own directories. Inside a container's root the runtime mounts
/// by descriptor.
public enum Mounts {
  /// Flags of mount(2).
  public struct Flags: OptionSet, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public static let readOnly = Flags(rawValue: CLINUX_MS_RDONLY)
    public static let noSetID = Flags(rawValue: CLINUX_MS_NOSUID)
    public static let noDevices = Flags(rawValue: CLINUX_MS_NODEV)
    public static let noExecution = Flags(rawValue: CLINUX_MS_NOEXEC)
    public static let bind = Flags(rawValue: CLINUX_MS_BIND)
    public static let recursive = Flags(rawValue: CLINUX_MS_REC)
    public static let remount = Flags(rawValue: CLINUX_MS_REMOUNT)
    public static let relativeAccessTime = Flags(rawValue: CLINUX_MS_RELATIME)
  }

  public enum Propagation: Sendable {
    case `private`, slave, shared, unbindable

    var flags: UInt64 {
      switch self {
      case .private: CLINUX_MS_PRIVATE
      case .slave: CLINUX_MS_SLAVE
      case .shared: CLINUX_MS_SHARED
      case .unbindable: CLINUX_MS_UNBINDABLE
      }
    }
  }

  public static func mount(
    _ type: String, from source: String, at target: String, flags: Flags = [], options: String = ""
  ) throws(SystemError) {
    try check(
      unsafe clinux_mount(source, target, type, flags.rawValue, options), "mount \(type)", target)
  }

  public static func bind(_ source: String, at target: String, recursive: Bool = false)
    throws(SystemError)
  {
    let flags = recursive ? CLINUX_MS_BIND | CLINUX_MS_REC : CLINUX_MS_BIND
    try check(unsafe clinux_mount(source, target, nil, flags, nil), "bind \(source)", target)
  }

  public static func setPropagation(
    _ target: String, _ propagation: Propagation, recursive: Bool = false
  ) throws(SystemError) {
    let flags = propagation.flags | (recursive ? CLINUX_MS_REC : 0)
    try check(unsafe clinux_mount(nil, target, nil, flags, nil), "mount propagation", target)
  }

  /// Unmounts; lazily leaves busy ones to end when nobody uses them (umount2(2), MNT_DETACH).
  public static func unmount(_ target: String, lazily: Bool = false) throws(SystemError) {
    try check(unsafe clinux_umount(target, lazily ? CLINUX_MNT_DETACH : 0), "umount", target)
  }
}
