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
  ///
  /// `known` were there already, with a lease on all that they name; what another command has removed
  /// of their records and of the new ones since is written again.
  public func publish(
    _ images: [StoredImage], known: [StoredImage] = [], named: [ImageName]
  ) throws(ImageStoreError) {
    try write(images)
    if named.isEmpty { return }
    let turn = try namesTurn(shared: true)
    var ids: Set<Digest> = []
    let gone = (images + known).filter { ids.insert($0.id).inserted && !hasRecord(of: $0.id) }
    try write(gone)
    let changed = try putNames(named)
    _ = consume turn
    try flush(changed)
  }

  private func write(_ images: [StoredImage]) throws(ImageStoreError) {
    if images.isEmpty { return }
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
  }

  /// Names images that are known, taking names from whatever image had them.
  ///
  /// Throws `notFound` for one that was removed meanwhile.
  public func publishNames(_ list: [ImageName]) throws(ImageStoreError) {
    let turn = try namesTurn(shared: true)
    for name in list where !hasRecord(of: name.image) { throw .notFound("\(name.image)") }
    let changed = try putNames(list)
    _ = consume turn
    try flush(changed)
  }

  /// The directories that changed.
  private func putNames(_ list: [ImageName]) throws(ImageStoreError) -> [String] {
    // Of one that comes twice the last counts.
    var last: [ImageReference: ImageName] = [:]
    for name in list { last[name.reference] = name }
    var new: [ImageName] = []
    for name in list where last[name.reference] == name {
      last[name.reference] = nil
      if try names.find(name.reference) != name { new.append(name) }
    }
    return try names.put(new)
  }

  private func hasRecord(of id: Digest) -> Bool { FileTree.exists(records.path(id.hex)) }

  /// Held, shared, from the look at an image's record until its names are there, and alone from the look
  /// at its names until the record has gone: otherwise a name could be left of an image that is gone.
  ///
  /// For as long as a few files take; readers need none. A collection removes the file while nobody holds
  /// it: then what was waited for is not what the next one locks.
  func namesTurn(shared: Bool) throws(ImageStoreError) -> FileLock {
    try system { () throws(SystemError) in
      while true {
        do throws(SystemError) {
          let lock = try FileLock(namesLock, shared: shared)
          if try lock.isStill(at: namesLock) { return lock }
        } catch {
          guard [Errno.noSpace, Errno.quota].contains(error.errno) else { throw error }
          return try FileLock("\(root)/locks/\(ObjectLock.fallbackName)", shared: shared)
        }
      }
    }
  }

  var namesLock: String { lockPath(.collection, "names") }

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
