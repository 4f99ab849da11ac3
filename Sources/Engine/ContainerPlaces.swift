import LinuxSystem
import Model
import StateStore

/// Where all containers are, opened once by whoever looks at many of them.
final class ContainerPlaces: Sendable {
  private let containers: OwnedDescriptor
  /// Who had a live directory when this was made.
  private let living: Set<String>

  private init(_ containers: consuming OwnedDescriptor, living: Set<String>) {
    self.containers = containers
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
    // Without a live directory nothing lives.
    let living = (try? FileTree.list(context.live)) ?? []
    return ContainerPlaces(containers, living: Set(living))
  }

  func mayLive(_ id: String) -> Bool { living.contains(id) }

  func record(_ id: String, _ name: String) throws(StateError) -> LineRecord? {
    try RecordStore.find(name, of: id, in: containers.raw)
  }

  func lock(_ id: String) throws(SystemError) -> FileLock.Sight {
    try FileLock.look("\(id)/\(ContainerDraft.lockName)", in: containers.raw)
  }
}
