import LinuxSystem
import Model
import OCISpec
import StateStore

@testable import ImageStore

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

  /// Writes what an image of one name consists of, without any flush.
  func put(_ id: String, _ text: String) throws -> Digest {
    let image = try Self.image(id)
    try store.records.write(image.id.hex, image.record)
    var name = LineRecord()
    name["image"] = "\(image.id)"
    name["manifest"] = "\(image.manifest)"
    let file = NameStore.fileName(try ImageReference(text))
    try RecordStore(store.names.directory).write(file, name)
    return image.id
  }

  private static func image(_ id: String) throws -> StoredImage {
    StoredImage(
      id: try digest(id), manifest: try digest("ff\(id)"), created: 7, size: 9, platform: .host,
      layers: [try digest("aa")], execution: ImageConfig.Execution())
  }

  func add(_ id: String, names: [String] = []) throws -> StoredImage {
    let image = try Self.image(id)
    try store.publish(
      image,
      named: try names.map {
        ImageName(reference: try ImageReference($0), image: image.id, manifest: image.manifest)
      })
    return image
  }
}
