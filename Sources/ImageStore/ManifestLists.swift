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
  /// Of the index as it would be pushed; nil in a list that was written before this was kept.
  public var digest: Digest?
  /// Nanoseconds since the epoch.
  public var created: Int64?

  public init(index: ImageIndex = ImageIndex(manifests: []), sources: [String: String] = [:]) {
    self.index = index
    self.sources = sources
  }

  /// What is said where no list has the name.
  public static func notFound(_ name: String) -> ErrorReport {
    ErrorReport(
      .notFound, "\(name): image not known",
      hint: "make it with: martlet manifest create \(name)")
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

  /// A list and its name.
  public typealias Match = (reference: ImageReference, list: ManifestList)

  /// The list that a user means, here or in an additional store: a name without a registry is a
  /// local one first.
  public func find(named text: String) throws(ImageStoreError) -> Match? {
    if let own = try findOwn(named: text) { return own }
    return others.lazy.compactMap { (try? $0.findOwn(named: text)) ?? nil }.first
  }

  /// The same among the lists of this store itself.
  public func findOwn(named text: String) throws(ImageStoreError) -> Match? {
    for reference in ImageStore.candidates(text) {
      if let list = try find(reference) { return (reference, list) }
    }
    return nil
  }

  /// The list that a user means, here or in an additional store, also by its digest or the start of
  /// that.
  public func findMatch(_ text: String) throws(ImageStoreError) -> Match? {
    if let own = try findOwnMatch(text) { return own }
    return others.lazy.compactMap { (try? $0.findOwnMatch(text)) ?? nil }.first
  }

  /// The additional store that has the list.
  public func lender(of text: String) -> ImageStore? {
    others.first { ((try? $0.findOwnMatch(text)) ?? nil) != nil }?.store
  }

  /// The lists of additional stores, as far as they can be read.
  public func allAdditional() -> [Match] { others.flatMap { (try? $0.all()) ?? [] } }

  private var others: [ManifestListStore] { store.additional.map { ManifestListStore($0) } }

  /// The same as `findMatch` among the lists of this store itself.
  public func findOwnMatch(_ text: String) throws(ImageStoreError) -> Match? {
    if let found = try findOwn(named: text) { return found }
    let hex = text.hasPrefix("sha256:") ? String(text.dropFirst(7)) : text
    guard hex.count >= 4, hex.utf8.allSatisfy({ Set("0123456789abcdef".utf8).contains($0) }) else {
      return nil
    }
    return try all().first { $0.list.digest?.hex.hasPrefix(hex) ?? false }
  }

  /// All lists of this store itself and their names, sorted by those; one that is damaged is left out.
  public func all() throws(ImageStoreError) -> [Match] {
    var lists: [Match] = []
    for name in try names() {
      if let list = try? find(name) { lists.append((name, list)) }
    }
    return lists
  }

  /// Gives a list another name; each goes its own way from then on.
  public func tag(
    _ list: ManifestList, _ reference: ImageReference
  ) throws(ImageStoreError) {
    let lock = try stated { () throws(StateError) in
      try ObjectLock.acquire(lockPath(reference))
    }
    try write(list, as: reference)
    _ = lock.descriptor
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
