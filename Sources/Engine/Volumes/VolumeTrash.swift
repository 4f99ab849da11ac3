import LinuxSystem
import StateStore

/// Volumes in the trash: on their way out, or in.
///
/// Their names tell the volume, whose lock is held by whoever may still want them back.
struct VolumeTrash {
  private static let prefix = "volume-"

  private let context: EngineContext

  init(_ context: EngineContext) { self.context = context }

  static func isVolume(_ entry: String) -> Bool { entry.hasPrefix(prefix) }

  /// The lock of a volume, there or not.
  static func lock(of volume: String, _ context: EngineContext) -> String {
    "\(context.directories.data)/locks/\(prefix)\(volume.prefix(200))"
  }

  /// A new place for a volume; to be asked by the holder of its lock.
  func place(for volume: String) throws(SystemError) -> String {
    "\(context.trash)/\(Self.prefix)\(volume)-\(try RandomName.make())"
  }

  /// The paths of those that nobody will take back.
  ///
  /// Who made one holds its volume's lock, and did so before it was there to be listed.
  func abandoned() -> [String] {
    let entries = (try? FileTree.list(context.trash)) ?? []
    return entries.filter(Self.isVolume).filter { entry in
      let name = entry.dropFirst(Self.prefix.count)
      // An anonymous volume follows its container and has no such name.
      guard let dash = name.lastIndex(of: "-") else { return true }
      let lock = Self.lock(of: String(name[..<dash]), context)
      // One that cannot be asked about stays for the next sweep.
      return (try? FileLock.isHeld(lock)) == false
    }.map { "\(context.trash)/\($0)" }
  }

  /// Removes what killed commands left of volumes, and locks that nobody holds.
  func sweep() throws {
    try Trash(context).remove(abandoned())
    let locks = RecordStore("\(context.directories.data)/locks")
    for name in try locks.names() where name.hasPrefix(Self.prefix) {
      // Only its holder removes a lock file, which is us.
      if let lock = try ObjectLock.attempt(locks.path(name)) { try lock.remove(locks.path(name)) }
    }
  }
}
