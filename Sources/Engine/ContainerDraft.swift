import LinuxSystem
import StateStore

/// A container that is being written: a directory beside the finished ones, locked by its maker.
///
/// It becomes a container by getting its final name. One that nobody holds locked was left by a
/// killed command, and the next removal sweeps it.
struct ContainerDraft: ~Copyable {
  let path: String
  private let lock: FileLock

  private init(path: String, lock: consuming FileLock) {
    self.path = path
    self.lock = lock
  }

  private static let prefix = "new-"
  /// The monitor's lock later on.
  static let lockName = "monitor.lock"

  private static func path(_ id: String, in directory: String) -> String {
    "\(directory)/\(prefix)\(id)"
  }

  /// An empty draft for container `id` in the directory of all containers.
  static func make(_ id: String, in directory: String) throws(SystemError) -> ContainerDraft {
    let path = path(id, in: directory)
    // A sweep may meet the directory before it is locked; then it is simply made again.
    for _ in 0..<16 {
      do throws(SystemError) { try FileTree.makeDirectory(path, mode: 0o700) } catch {
        guard error.errno == Errno.exists else { throw error }
      }
      if let draft = try lock(path) { return draft }
      try Clock.pause(milliseconds: 1)
    }
    throw SystemError("lock", path, errno: Errno.busy)
  }

  /// Whether somebody is writing container `id` at this moment.
  static func isBeingMade(_ id: String, in directory: String) throws(SystemError) -> Bool {
    try FileLock.isHeld("\(path(id, in: directory))/\(lockName)")
  }

  /// The drafts that nobody holds at this moment, by path.
  static func abandoned(in directory: String) -> [String] {
    // A list that cannot be had now is tried again by the next removal.
    let names = ((try? FileTree.list(directory)) ?? []).filter { $0.hasPrefix(prefix) }
    return names.map { "\(directory)/\($0)" }.filter {
      (try? FileLock.isHeld("\($0)/\(lockName)")) == false
    }
  }

  /// Moves the drafts of killed commands to the trash.
  ///
  /// `lost`: told the id of each first, while nobody else can make that container.
  static func discardAbandoned(
    in directory: String, to trash: String, lost: (String) throws(SystemError) -> Void
  ) throws(SystemError) {
    for path in abandoned(in: directory) {
      // One that is locked by now has only just been made.
      guard let draft = try? lock(path), let slash = path.lastIndex(of: "/") else { continue }
      try lost(String(path[slash...].dropFirst(1 + prefix.count)))
      try? FileTree.ensureDirectory(trash)
      try? FileTree.rename(draft.path, to: trash + path[slash...])
    }
  }

  /// The draft at `path` if nobody else has it and it is still there.
  private static func lock(_ path: String) throws(SystemError) -> ContainerDraft? {
    do throws(SystemError) {
      let file = "\(path)/\(lockName)"
      guard let lock = try FileLock.attempt(file), try lock.isStill(at: file) else { return nil }
      return ContainerDraft(path: path, lock: lock)
    } catch {
      if error.errno == Errno.noEntry { return nil }
      throw error
    }
  }

  /// Makes it a container; its lock, which is the monitor's from here on, is still held.
  consuming func publish(to final: String) throws(SystemError) -> FileLock {
    try FileTree.renameNew(path, to: final)
    return lock
  }
}
