import LinuxSystem
import Model
import StateStore

/// Where all containers are, opened once by whoever looks at many of them.
final class ContainerPlaces: Sendable {
  private let containers: OwnedDescriptor
  /// When this was made, in nanoseconds of the epoch.
  let opened: Int64
  /// Who had a live directory when this was made.
  private let living: Set<String>

  private init(
    _ containers: consuming OwnedDescriptor, opened: Int64, living: Set<String>
  ) {
    self.containers = containers
    self.opened = opened
    self.living = living
  }

  /// Nil when there is no container.
  static func open(_ context: EngineContext) throws(SystemError) -> ContainerPlaces? {
    let containers: OwnedDescriptor
    do throws(SystemError) {
      containers = try OwnedDescriptor.open(context.containers, [.directory, .path])
    } catch {
      if error.errno == Errno.noEntry { return nil }
      throw error
    }
    let opened = Clock.realtime()
    let living: [String]
    do throws(SystemError) { living = try FileTree.list(context.live) } catch {
      // Without a live directory nothing lives.
      guard error.errno == Errno.noEntry else { throw error }
      living = []
    }
    return ContainerPlaces(containers, opened: opened, living: Set(living))
  }

  func mayLive(_ id: String) -> Bool { living.contains(id) }

  /// What was configured of a container; nil when it is gone.
  ///
  /// Its state is not in there.
  func summary(_ id: String) throws(StateError) -> ContainerSummary? {
    guard let bytes = try RecordStore.findBytes("summary", of: id, in: containers.raw) else {
      return nil
    }
    guard let summary = ContainerSummary(parsing: bytes) else {
      throw .damagedRecord(path: "\(id)/summary")
    }
    return summary
  }

  /// Whether it has such a record, without opening it.
  func hasRecord(_ id: String, _ name: String) throws(SystemError) -> Bool {
    try FileStatus.find(id + "/" + name, in: containers.raw) != nil
  }

  /// How much is written in a lock's file, in bytes; nil when there is none.
  func lockSize(_ id: String) throws(SystemError) -> Int64? {
    try FileStatus.find(id + "/" + ContainerDraft.lockName, in: containers.raw)?.size
  }

  func record(_ id: String, _ name: String) throws(StateError) -> LineRecord? {
    try RecordStore.find(name, of: id, in: containers.raw)
  }

  func lock(_ id: String) throws(SystemError) -> FileLock.Sight {
    try FileLock.look(id + "/" + ContainerDraft.lockName, in: containers.raw)
  }
}
