import LinuxSystem
public import Model
import StateStore

/// Images of stores that are only read.
extension ImageStore {
  /// The additional stores with the images in them that can be read, in no order.
  public func listAdditional() -> [(store: ImageStore, images: [StoredImage], names: [ImageName])] {
    additional.map { ($0, $0.readable(), $0.readableNames()) }
  }

  /// The names of an image: those of this store, else of the first additional store that has any.
  public func names(of image: Digest) throws(ImageStoreError) -> [ImageName] {
    let own = try listNames().filter { $0.image == image }
    if !own.isEmpty { return own }
    return additional.lazy.map { $0.readableNames().filter { $0.image == image } }
      .first { !$0.isEmpty } ?? []
  }

  /// The additional store that has what this store itself has not.
  public func lender(of text: String) -> ImageStore? {
    additional.first { (try? $0.findOwnMatch(text)) != nil }
  }

  /// What is damaged is left out: a check tells of it.
  private func readable() -> [StoredImage] {
    ((try? records.names()) ?? []).compactMap { hex in
      Digest(algorithm: .sha256, hex: hex).flatMap { try? findOwn(id: $0) }
    }
  }

  private func readableNames() -> [ImageName] {
    ((try? names.files()) ?? []).compactMap(\.name)
  }

  /// Writes what makes an image of an additional store one of this store, its layers excepted.
  func adopt(_ image: StoredImage) throws(ImageStoreError) {
    if additional.isEmpty { return }
    if try findOwn(id: image.id) != nil { return }
    try prepare()
    let lease = try Lease(self, blobs: [image.id, image.manifest], layers: image.layers)
    for digest in [image.id, image.manifest] {
      try blobs.write(try blobs.load(digest), as: digest)
    }
    try publish(image, named: [])
    _ = consume lease
  }
}
