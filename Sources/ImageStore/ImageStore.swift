import LinuxSystem
public import Model
import StateStore

/// The images of one user: records, names and blobs, each a file of its own.
///
/// Reading never waits. An image exists when its record does; the record is written last and
/// removed first, so whoever finds one finds all that it names.
public struct ImageStore: Sendable {
  /// `DATA`.
  public let data: String
  /// `DATA/images`.
  public let root: String
  public let layers: LayerDirectory
  public let blobs: BlobStore
  /// Stores whose images can be used here and which are only read, in the order to look in them.
  public let additional: [ImageStore]
  let names: NameStore
  let records: RecordStore

  /// `additional`: the data directories of stores that are only read.
  public init(data: String, additional: [String] = []) {
    self.data = data
    self.additional = additional.map { ImageStore(data: $0) }
    root = "\(data)/images"
    layers = LayerDirectory(data: data, others: self.additional.map(\.layers))
    blobs = BlobStore(root: root, others: self.additional.map(\.blobs))
    names = NameStore(directory: "\(root)/names")
    records = RecordStore("\(root)/records")
  }

  /// The path of the lock for something of this kind and name.
  public func lockPath(_ kind: LockKind, _ name: String) -> String {
    "\(root)/locks/\(kind.rawValue)-\(name)"
  }

  public enum LockKind: String, Sendable { case blob, layer, image, collection }

  /// Makes the directories, and what locking needs on the day the disk is full.
  public func prepare() throws(ImageStoreError) {
    try system { () throws(SystemError) in
      for directory in ["names", "records", "blobs/sha256", "ingest", "locks", "leases"] {
        try FileTree.ensureDirectory("\(root)/\(directory)")
      }
      try FileTree.ensureDirectory("\(layers.root)/l")
      let fallback = "\(root)/locks/\(ObjectLock.fallbackName)"
      if !FileTree.exists(fallback) { try FileTree.write(fallback, "0 nobody\n") }
    }
  }

  /// Whether there may be an image: `prepare` comes before the first one.
  var isPrepared: Bool { FileTree.exists("\(root)/locks") }

  /// The image with this ID, here or in an additional store.
  public func find(id: Digest) throws(ImageStoreError) -> StoredImage? {
    if let own = try findOwn(id: id) { return own }
    for other in additional {
      // What is damaged there is told by a check; here it is as good as missing.
      if let found = try? other.findOwn(id: id) { return found }
    }
    return nil
  }

  /// The image with this ID, if this store itself has it.
  public func findOwn(id: Digest) throws(ImageStoreError) -> StoredImage? {
    let record = try stated { () throws(StateError) in try records.find(id.hex) }
    guard let record else { return nil }
    guard let image = StoredImage(record) else { throw .damaged("image \(id.shortID)") }
    return image
  }

  /// The image that a user means: by ID, by name, or by the start of its ID.
  public func find(_ text: String) throws(ImageStoreError) -> StoredImage? {
    try findMatch(text)?.image
  }

  /// The image that a user means, and the name it was found by, if it was by name.
  public func findMatch(_ text: String) throws(ImageStoreError) -> Match? {
    if let own = try findOwnMatch(text) { return own }
    for other in additional {
      do throws(ImageStoreError) {
        if let found = try other.findOwnMatch(text) { return found }
      } catch {
        // Of what is there, only a choice that has to be made concerns the user.
        switch error {
        case .damaged, .state: continue
        default: throw error
        }
      }
    }
    return nil
  }

  /// An image, and the name it was found by.
  public typealias Match = (image: StoredImage, name: ImageName?)

  /// All images of this store itself, in no order.
  public func list() throws(ImageStoreError) -> [StoredImage] {
    var images: [StoredImage] = []
    let wanted = try stated { () throws(StateError) in
      try records.list { Digest(algorithm: .sha256, hex: $0) }
    }
    for (id, record) in wanted {
      guard let image = StoredImage(record) else { throw .damaged("image \(id.shortID)") }
      images.append(image)
    }
    return images
  }

  /// The ids of all images of this store itself, those with damaged records as well.
  public func ids() throws(ImageStoreError) -> [Digest] {
    try stated({ () throws(StateError) in try records.names() })
      .compactMap { Digest(algorithm: .sha256, hex: $0) }
  }

  /// All names in this store itself, sorted by their spelling.
  public func listNames() throws(ImageStoreError) -> [ImageName] { try names.list() }

  /// The files behind the names, damaged ones as well.
  public func nameFiles() throws(ImageStoreError) -> [NameFile] { try names.files() }

  /// Images without a name.
  public func dangling() throws(ImageStoreError) -> [StoredImage] {
    let named = Set(try listNames().map(\.image))
    return try list().filter { !named.contains($0.id) }
  }
}
