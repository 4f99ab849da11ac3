import LinuxSystem
public import Model
import StateStore

extension ImageStore {
  /// Makes an image known: all that it names must be in place, and its contents on disk.
  ///
  /// Contents got there before they had their names: blobs by fsync(2), layers by one syncfs(2) for
  /// all of the image. What is left are the names themselves.
  public func publish(_ image: StoredImage, named: [ImageName]) throws(ImageStoreError) {
    try publish([image], named: named)
  }

  /// The same for several at once.
  public func publish(_ images: [StoredImage], named: [ImageName]) throws(ImageStoreError) {
    if images.isEmpty { return try publishNames(named) }
    try system { () throws(SystemError) in
      for directory in ["blobs/sha256", "blobs/sha512"]
      where FileTree.exists("\(root)/\(directory)") {
        try FileTree.sync("\(root)/\(directory)")
      }
      try FileTree.sync("\(layers.root)/l")
      try FileTree.sync(layers.root)
    }
    try stated { () throws(StateError) in
      try records.write(contents: images.map { ($0.id.hex, Array($0.record.text.utf8)) })
    }
    try flush([records.directory])
    try publishNames(named)
  }

  /// Names an image that is known, taking names from whatever image had them.
  public func publishNames(_ list: [ImageName]) throws(ImageStoreError) {
    // Of one that comes twice the last counts.
    var last: [ImageReference: ImageName] = [:]
    for name in list { last[name.reference] = name }
    var new: [ImageName] = []
    for name in list where last[name.reference] == name {
      last[name.reference] = nil
      if try names.find(name.reference) != name { new.append(name) }
    }
    try flush(try names.put(new))
  }

  /// Waits until what was put into these directories, or taken out of them, is on the disk.
  func flush(_ directories: some Sequence<String>) throws(ImageStoreError) {
    try system { () throws(SystemError) in
      for directory in directories { try FileTree.sync(directory) }
    }
  }

  /// Gives an image another name, taking it from whatever image had it.
  ///
  /// An image of an additional store becomes one of this store as well, which borrows its layers.
  public func tag(_ image: StoredImage, _ reference: ImageReference) throws(ImageStoreError) {
    try tag(image, [reference])
  }

  /// Gives an image other names, in this order, with one flush for all of them at the end.
  public func tag(_ image: StoredImage, _ references: [ImageReference]) throws(ImageStoreError) {
    try adopt(image)
    try publishNames(
      references.map { ImageName(reference: $0, image: image.id, manifest: image.manifest) })
  }

  /// Takes a name away; the image stays.
  public func untag(_ reference: ImageReference) throws(ImageStoreError) {
    guard try names.remove(reference) else { throw .notFound(reference.familiar) }
  }

  /// Removes one image, or only the name it was asked by; see `ImageRemovals`.
  public func remove(_ text: String, users: [Digest: [String]] = [:], force: Bool = false)
    throws(ImageStoreError) -> ImageRemovals.Removal
  {
    var removals = ImageRemovals(self)
    let removal = try removals.remove(text, users: users, force: force)
    try removals.finish()
    return removal
  }
}
