import LinuxSystem
public import Model
import StateStore

extension ImageStore {
  /// Makes an image known: all that it names must be in place, and its contents on disk.
  ///
  /// Contents got there before they had their names: blobs by fsync(2), layers by one syncfs(2) for
  /// all of the image. What is left are the names themselves.
  public func publish(_ image: StoredImage, named: [ImageName]) throws(ImageStoreError) {
    try system { () throws(SystemError) in
      for directory in ["blobs/sha256", "blobs/sha512"]
      where FileTree.exists("\(root)/\(directory)") {
        try FileTree.sync("\(root)/\(directory)")
      }
      try FileTree.sync("\(layers.root)/l")
      try FileTree.sync(layers.root)
    }
    try stated { () throws(StateError) in
      try records.write(image.id.hex, image.record, durability: .power)
    }
    try publishNames(named)
  }

  /// Names an image that is known, taking names from whatever image had them.
  public func publishNames(_ list: [ImageName]) throws(ImageStoreError) {
    for name in list where try names.find(name.reference) != name { try names.write(name) }
  }

  /// Gives an image another name, taking it from whatever image had it.
  ///
  /// An image of an additional store becomes one of this store as well, which borrows its layers.
  public func tag(_ image: StoredImage, _ reference: ImageReference) throws(ImageStoreError) {
    try adopt(image)
    try names.write(ImageName(reference: reference, image: image.id, manifest: image.manifest))
  }

  /// Takes a name away; the image stays.
  public func untag(_ reference: ImageReference) throws(ImageStoreError) {
    guard try names.remove(reference) else { throw .notFound(reference.familiar) }
  }

  /// What removing did.
  public struct Removal: Equatable, Sendable {
    public var untagged: [ImageReference] = []
    public var deleted: Digest?
  }

  /// Removes an image, or only the name it was asked by when it has others.
  ///
  /// Names go before the record, so at every moment the image is there or not there. Its blobs and
  /// layers are left to the collection of garbage, which also other images' needs decide about.
  /// `users` are the containers of each image, by its ID; `force` removes all names of an image that
  /// was asked for by its ID.
  public func remove(_ text: String, users: [Digest: [String]] = [:], force: Bool = false)
    throws(ImageStoreError) -> Removal
  {
    guard let match = try findOwnMatch(text) else { throw .notFound(text) }
    let all = try listNames().filter { $0.image == match.image.id }
    var removal = Removal()
    if let name = match.name, all.count > 1 {
      try names.remove(name.reference)
      removal.untagged = [name.reference]
      return removal
    }
    if let containers = users[match.image.id], !containers.isEmpty {
      throw .inUse(text, containers: containers)
    }
    if match.name == nil, all.count > 1, !force {
      throw .severalNames(match.image.id, names: all.map(\.reference.familiar))
    }
    for name in all {
      try names.remove(name.reference)
      removal.untagged.append(name.reference)
    }
    try stated { () throws(StateError) in
      _ = try records.remove(match.image.id.hex, durability: .power)
    }
    removal.deleted = match.image.id
    return removal
  }
}
