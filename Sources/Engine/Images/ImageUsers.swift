import ImageStore
import LinuxSystem
import Model
import StateStore

/// What containers need of the images: nothing of it may be deleted.
struct ImageUsers {
  private let store: ContainerStore

  init(_ context: EngineContext) { store = ContainerStore(context) }

  /// Containers' names and ids, each by the image's id.
  typealias All = (names: [Digest: [String]], ids: [Digest: [String]])

  /// The names of the containers made from each image.
  func names() throws -> [Digest: [String]] { try all().names }

  func all() throws -> All {
    var users: All = ([:], [:])
    for id in try store.ids().sorted() {
      // One that goes away while we look uses nothing.
      guard let summary = try RecordStore(store.directory(id)).find("summary") else { continue }
      if let hex = summary["image-id"], let image = Digest(algorithm: .sha256, hex: hex) {
        users.names[image, default: []].append(summary["name"] ?? "")
        users.ids[image, default: []].append(summary["id"] ?? "")
      }
    }
    return users
  }

  /// What changes whenever a container comes or goes.
  func stamp() throws -> FileStatus? { try FileStatus.find(store.context.containers) }

  /// Layers and mapped copies below containers, for the collection of garbage.
  ///
  /// A container whose configuration cannot be read stops it: nobody knows what it needs.
  func request() throws -> CollectRequest {
    var layers: Set<Digest> = []
    var mapped: Set<String> = []
    let ids = try store.ids()
    for id in ids {
      do {
        let config = try store.load(id)
        let mounted = config.mounts.flatMap(\.layers)
        layers.formUnion(mounted.compactMap { Digest(algorithm: .sha256, hex: $0) })
        guard let image = config.image else { continue }
        layers.formUnion(image.layers.compactMap { Digest(algorithm: .sha256, hex: $0) })
        if let path = image.mapped, let name = Self.mappedName(path) { mapped.insert(name) }
      } catch EngineError.noSuchContainer {
        continue
      }
    }
    var request = CollectRequest(
      layersInUse: layers.sorted { $0.hex < $1.hex }, mappedInUse: mapped.sorted())
    request.containers = ids
    return request
  }

  /// `mapped/NAME/diff`, relative to the layers' root.
  static func mappedName(_ path: String) -> String? {
    let parts = path.split(separator: "/")
    guard parts.count >= 2, parts[0] == "mapped" else { return nil }
    return String(parts[1])
  }
}
