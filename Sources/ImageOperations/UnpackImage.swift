import ImageDocuments
import ImageStore
import Model
import OCISpec

/// Unpacks layers of an image whose blobs are there: those of an additional store, where the layers
/// that lie beside them have somebody else's owners.
struct UnpackImage {
  let store: ImageStore
  let reporter: Reporter

  func run(_ request: UnpackRequest) throws -> HelperEvent.Result {
    guard let image = try store.find(id: try Digest(request.image)) else {
      throw ImageStoreError.notFound(request.image)
    }
    guard
      case .manifest(let manifest) = try ManifestDocument.decode(
        try store.blobs.load(image.manifest))
    else { throw ImageStoreError.damaged("manifest \(image.manifest)") }
    let config = try ImageConfig.decode(try store.blobs.load(image.id))
    try config.check(against: manifest)
    let jobs = LayerInstaller.jobs(manifest, config)
    let lease = try Lease(store, layers: jobs.map(\.chain))
    try ImageInstaller(store: store, reporter: reporter).checkSpace(jobs)
    try LayerInstaller(store: store, reporter: reporter).install(
      jobs, from: StoredLayers(blobs: store.blobs, reporter: reporter))
    _ = lease
    return HelperEvent.Result()
  }
}
