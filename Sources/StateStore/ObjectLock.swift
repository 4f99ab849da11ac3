import LinuxSystem

/// One object's lock between processes: a file that its holder keeps locked and signs.
///
/// The kernel lets go of it when the holder dies, so nobody ever waits for a dead process.
public struct ObjectLock: ~Copyable, Sendable {
  /// Who holds a lock.
  public struct Holder: Equatable, Sendable {
    public let pid: Int32
    public let command: String
  }

  private let lock: FileLock

  private init(owning lock: consuming FileLock) { self.lock = lock }

  /// The locked descriptor, for handing the lock to a child process.
  public var descriptor: Int32 { lock.descriptor }

  /// How long to wait before saying for whom.
  static let patience: Int64 = 1_000_000_000

  /// Takes the lock at `path`, making the file and its directory when missing.
  ///
  /// Waits for `timeout`, or for ever when it is nil; `onWait` is told once, after a second, on
  /// whom (nil: he left no name).
  public static func acquire(
    _ path: String, shared: Bool = false, timeout: Duration? = nil,
    onWait: (Holder?) -> Void = { _ in }
  ) throws(StateError) -> ObjectLock {
    let start = Clock.monotonic()
    let limit = timeout.map { $0.nanoseconds }
    var told = false
    var pause: Int32 = 1
    while true {
      if let lock = try attempt(path, shared: shared) { return lock }
      let waited = Clock.monotonic() - start
      if let limit, waited >= limit {
        throw .lockTimeout(path: path, holder: holder(path))
      }
      if !told && waited >= patience {
        told = true
        onWait(holder(path))
      }
      do throws(SystemError) { try Clock.pause(milliseconds: pause) } catch { throw .system(error) }
      pause = min(pause * 2, 20)
    }
  }

  /// The lock if nobody has it; nil otherwise.
  public static func attempt(_ path: String, shared: Bool = false) throws(StateError)
    -> ObjectLock?
  {
    do throws(SystemError) {
      while true {
        guard let lock = try open(path, shared: shared) else { return nil }
        // Whoever removes an object removes its lock file while holding it: then this is not the
        // file that the next one will lock.
        let mine = try FileStatus.of(descriptor: lock.descriptor)
        let there = try FileStatus.find(path)
        let isTheOne = there.map { $0.inode == mine.inode && $0.device == mine.device }
        // A missing path with our file still linked is the fallback of a full disk.
        if isTheOne ?? (mine.links > 0) { return sign(lock) }
      }
    } catch {
      throw .system(error)
    }
  }

  /// Removes the lock file of an object that is gone; to be called by its holder.
  public consuming func remove(_ path: String) throws(StateError) {
    do throws(SystemError) { try FileTree.unlinkIfPresent(path) } catch { throw .system(error) }
  }

  /// Whether somebody holds the lock at this moment; never blocks.
  public static func isHeld(_ path: String) throws(StateError) -> Bool {
    do throws(SystemError) { return try FileLock.isHeld(path) } catch { throw .system(error) }
  }

  /// Whoever signed the lock file last.
  public static func holder(_ path: String) -> Holder? {
    guard let text = try? FileTree.readText(path, limit: 4_096),
      let line = text.split(separator: "\n").first, let space = line.firstIndex(of: " "),
      let pid = Int32(line[..<space])
    else { return nil }
    return Holder(pid: pid, command: String(line[line.index(after: space)...]))
  }

  private static func open(_ path: String, shared: Bool) throws(SystemError) -> FileLock? {
    do throws(SystemError) {
      return try FileLock.attempt(path, shared: shared)
    } catch {
      let directory = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
      switch error.errno {
      case Errno.noEntry where !directory.isEmpty:
        try FileTree.ensureDirectory(directory)
        return try FileLock.attempt(path, shared: shared)
      case Errno.noSpace, Errno.quota:
        // The disk is full and the file is missing, so nobody holds it. Deleting must still work:
        // all who meet this share one lock file, made before the disk was full.
        return try FileLock.attempt("\(directory)/\(fallbackName)", shared: shared)
      default: throw error
      }
    }
  }

  /// Made by stores with their lock directory, for the day when no file can be made.
  public static let fallbackName = "when-full"

  private static func sign(_ lock: consuming FileLock) -> ObjectLock {
    let command = (try? FileTree.readText("/proc/self/comm", limit: 64)) ?? "unknown\n"
    // The name is a courtesy: a full disk must not make locking fail.
    try? Descriptor.writeAll(lock.descriptor, "\(CurrentProcess.id) \(command)")
    return ObjectLock(owning: lock)
  }
}

extension Duration {
  package var nanoseconds: Int64 {
    let (seconds, atto) = components
    return seconds * 1_000_000_000 + atto / 1_000_000_000
  }
}
