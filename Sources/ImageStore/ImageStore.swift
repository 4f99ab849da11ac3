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

  /// The same among the images of this store itself.
  func findOwnMatch(_ text: String) throws(ImageStoreError) -> Match? {
    let hex = text.hasPrefix("sha256:") ? String(text.dropFirst(7)) : text
    if let id = Digest(algorithm: .sha256, hex: hex) {
      return try findOwn(id: id).map { ($0, nil) }
    }
    for reference in Self.candidates(text) {
      if let name = try findName(reference), let image = try findOwn(id: name.image) {
        return (image, name)
      }
    }
    if let name = try findBelowRegistry(text), let image = try findOwn(id: name.image) {
      return (image, name)
    }
    return try find(prefix: hex).map { ($0, nil) }
  }

  /// All images of this store itself, in no order.
  public func list() throws(ImageStoreError) -> [StoredImage] {
    var images: [StoredImage] = []
    for hex in try stated({ () throws(StateError) in try records.names() }) {
      // Gone meanwhile is simply gone.
      if let id = Digest(algorithm: .sha256, hex: hex), let image = try findOwn(id: id) {
        images.append(image)
      }
    }
    return images
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

  /// What a name without a registry may stand for; a local build comes first.
  static func candidates(_ text: String) -> [ImageReference] {
    guard let reference = try? ImageReference(text) else { return [] }
    guard ImageReference.isShortName(text) else { return [reference] }
    return [try? ImageReference("localhost/\(text)"), reference].compactMap { $0 }
  }

  /// A name without a registry is also that of an image of any registry, if it is the only one.
  private func findBelowRegistry(_ text: String) throws(ImageStoreError) -> ImageName? {
    guard ImageReference.isShortName(text),
      let wanted = try? ImageReference("localhost/\(text)")
    else { return nil }
    let found = try names.list().filter { name in
      let path = name.reference.repository
      guard path == wanted.repository || path.hasSuffix("/\(wanted.repository)") else {
        return false
      }
      guard let digest = wanted.digest else { return name.reference.tag == wanted.tag }
      return name.manifest == digest || name.index == digest
    }
    guard Set(found.map(\.image)).count <= 1 else {
      throw .ambiguousName(text, matches: found.map(\.reference.full).sorted())
    }
    return found.min { $0.reference.full < $1.reference.full }
  }

  private func findName(_ reference: ImageReference) throws(ImageStoreError) -> ImageName? {
    if let name = try names.find(reference) { return name }
    guard let digest = reference.digest else { return nil }
    // By digest, whatever tag it was pulled under.
    return try names.list().first {
      $0.reference.name == reference.name && ($0.manifest == digest || $0.index == digest)
    }
  }

  private func find(prefix: String) throws(ImageStoreError) -> StoredImage? {
    guard !prefix.isEmpty, prefix.utf8.allSatisfy({ isHexDigit($0) }) else { return nil }
    let matches = try stated({ () throws(StateError) in try records.names() })
      .filter { $0.hasPrefix(prefix) }.compactMap { Digest(algorithm: .sha256, hex: $0) }
    if matches.count > 1 { throw .ambiguousPrefix(prefix, matches: matches) }
    return try matches.first.flatMap { (id) throws(ImageStoreError) in try findOwn(id: id) }
  }

  private func isHexDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
  }
}
