import LinuxSystem
import Model
import StateStore

/// Which containers mount which volumes.
///
/// What a container mounts never changes, so each is read once however often this is asked.
final class VolumeUsers {
  private let store: ContainerStore
  /// By container.
  private var volumes: [String: [String]] = [:]
  /// By volume.
  private var users: [String: [String]] = [:]
  /// How many containers were read so far.
  private(set) var reads = 0

  init(_ context: EngineContext) { store = ContainerStore(context) }

  /// The ids of the containers that mount a volume at this moment, running or not.
  func of(_ volume: String) throws -> [String] {
    let ids = try store.ids()
    for id in ids where volumes[id] == nil { try read(id) }
    guard let known = users[volume] else { return [] }
    // Few mount one volume: only they are asked whether they are still there.
    return known.filter(store.exists)
  }

  private func read(_ id: String) throws {
    // One that goes away while we look is simply not there.
    guard let record = try RecordStore(store.directory(id)).find("summary") else { return }
    reads += 1
    let mounted = record.all("volume")
    volumes[id] = mounted
    for volume in Set(mounted) { users[volume, default: []].append(id) }
  }
}
