import FoundationEssentials
import LinuxSystem
public import Model
public import OCISpec
import StateStore

/// A list of images that is being put together, usually one image a platform.
public struct ManifestList: Codable, Equatable, Sendable {
  public var index: ImageIndex
  /// Where the image of an entry comes from when it is not here: the digest of its manifest as
  /// text, and a full name.
  public var sources: [String: String]

  public init(index: ImageIndex = ImageIndex(manifests: []), sources: [String: String] = [:]) {
    self.index = index
    self.sources = sources
  }
}

/// The lists of one user: one file each, replaced atomically.
public struct ManifestListStore: Sendable {
  private let store: ImageStore

  public init(_ store: ImageStore) { self.store = store }

  private var directory: String { "\(store.root)/lists" }

  private static let sizeLimit = 16 << 20

  public func find(_ reference: ImageReference) throws(ImageStoreError) -> ManifestList? {
    let (records, file) = place(reference)
    let bytes = try stated { () throws(StateError) in
      try records.findBytes(file, limit: Self.sizeLimit)
    }
    guard let bytes else { return nil }
    guard let list = try? JSONDecoder().decode(ManifestList.self, from: Data(bytes)) else {
      throw .damaged("manifest list \(reference)")
    }
    return list
  }

  /// The list that a user means: a name without a registry is a local one first.
  public func find(named text: String) throws(ImageStoreError) -> (
    reference: ImageReference, list: ManifestList
  )? {
    for reference in ImageStore.candidates(text) {
      if let list = try find(reference) { return (reference, list) }
    }
    return nil
  }

  public func write(_ list: ManifestList, as reference: ImageReference) throws(ImageStoreError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(list) else { throw .damaged("manifest list") }
    let (records, file) = place(reference)
    try stated { () throws(StateError) in
      try records.write(file, bytes: Array(data), durability: .power)
    }
  }

  /// Whether it was there.
  public func remove(_ reference: ImageReference) throws(ImageStoreError) -> Bool {
    let (records, file) = place(reference)
    return try stated { () throws(StateError) in try records.remove(file, durability: .power) }
  }

  /// All names of lists, sorted.
  public func names() throws(ImageStoreError) -> [ImageReference] {
    try names(below: "").sorted { $0.full < $1.full }
  }

  private func names(below prefix: String) throws(ImageStoreError) -> [ImageReference] {
    var names: [ImageReference] = []
    let files = try stated { () throws(StateError) in
      try RecordStore("\(directory)/\(prefix)").names()
    }
    for file in files {
      if file.hasSuffix("+") {
        names += try self.names(below: "\(prefix)\(file)/")
      } else if let reference = NameStore.reference(prefix + file) {
        names.append(reference)
      }
    }
    return names
  }

  private func place(_ reference: ImageReference) -> (RecordStore, String) {
    let path = NameStore.fileName(reference)
    guard let slash = path.lastIndex(of: "/") else { return (RecordStore(directory), path) }
    return (
      RecordStore("\(directory)/\(path[..<slash])"), String(path[path.index(after: slash)...])
    )
  }

  /// What a change of this list is locked by.
  public func lockPath(_ reference: ImageReference) -> String {
    store.lockPath(.image, "list-\(NameStore.fileName(reference).filter { $0 != "/" }.suffix(200))")
  }
}
