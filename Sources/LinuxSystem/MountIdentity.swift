import CLinux

/// Which mount something is (statx(2)).
public struct MountIdentity: Equatable, Sendable {
  /// The id that mountinfo shows; the kernel gives it to another mount when this one has gone.
  public let id: UInt64
  /// Never given again; 0 before Linux 6.8.
  public let unique: UInt64

  public init(id: UInt64, unique: UInt64) {
    self.id = id
    self.unique = unique
  }

  /// The mount that the descriptor is on.
  public static func of(descriptor: Int32) throws(SystemError) -> MountIdentity {
    var id: UInt64 = 0
    var unique: UInt64 = 0
    try check(unsafe clinux_mount_id(descriptor, &id, &unique), "statx", "\(descriptor)")
    return MountIdentity(id: id, unique: unique)
  }
}
