import ImageStore
import LinuxSystem
import Model
import OCISpec
import StateStore

/// A store in a temporary directory that goes with the value.
final class SampleStore {
  let path: String
  let store: ImageStore

  init() throws {
    path = "/tmp/martlet-store-\(try RandomName.make())"
    store = ImageStore(data: path)
    try store.prepare()
  }

  deinit {
    // A left-over directory in the temporary folder harms nothing.
    try? FileTree.removeTree(path)
  }

  /// A digest whose first digits are given and whose rest is zeros.
  static func digest(_ start: String) throws -> Digest {
    try Digest("sha256:\(start)\(String(repeating: "0", count: 64 - start.count))")
  }

  func add(_ id: String, names: [String] = []) throws -> StoredImage {
    let image = StoredImage(
      id: try Self.digest(id), manifest: try Self.digest("ff\(id)"), created: 7, size: 9,
      platform: .host, layers: [try Self.digest("aa")], execution: ImageConfig.Execution())
    try store.publish(
      image,
      named: try names.map {
        ImageName(reference: try ImageReference($0), image: image.id, manifest: image.manifest)
      })
    return image
  }
}
