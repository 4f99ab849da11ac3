import ImageStore
import Model
import UserNamespaces

/// Copies of images with translated owners.
struct MappedLayer {
  init(_ context: EngineContext) {}

  func ensure(_ image: StoredImage, _ map: IDMapping) throws -> String {
    throw ErrorReport(.invalidRequest, "--userns keep-id is not supported")
  }
}
