import LinuxSystem
public import Model
import StateStore

/// Removes images, of which there may be thousands: names are read once, and again only when
/// somebody else changed them meanwhile.
///
/// Of each image the names go before the record, so at every moment it is there or not there. What
/// went is on the disk when `finish` returns, with one flush a directory for all of it.
public struct ImageRemovals {
  private let store: ImageStore
  private var table = ImageTable()
  private var stamp: [FileStatus?] = []
  private var changed: Set<String> = []
  private var former: [Digest: [ImageReference]] = [:]

  public init(_ store: ImageStore) { self.store = store }

  /// What removing did.
  public struct Removal: Equatable, Sendable {
    public var untagged: [ImageReference] = []
    public var deleted: Digest?
  }

  /// The image of the store itself that a user means.
  public mutating func find(_ text: String) throws(ImageStoreError) -> ImageStore.Match? {
    try refresh()
    return try store.findOwnMatch(text, in: table)
  }

  /// Removes an image, or only the name it was asked by when it has others.
  ///
  /// Its blobs and layers are left to the collection of garbage, which also other images' needs
  /// decide about. `users` are the containers of each image, by its ID; `force` removes all names of
  /// an image that was asked for by its ID.
  public mutating func remove(
    _ text: String, users: [Digest: [String]] = [:], force: Bool = false
  ) throws(ImageStoreError) -> Removal {
    guard store.isPrepared else { throw .notFound(text) }
    let turn = try store.namesTurn(shared: false)
    defer { _ = turn.descriptor }
    guard let match = try find(text) else { throw .notFound(text) }
    let all = table.names(of: match.image.id)
    var removal = Removal()
    if let name = match.name, all.count > 1 {
      _ = try drop(name.reference)
      stamp = try stamps()
      former[match.image.id, default: []].append(name.reference)
      removal.untagged = [name.reference]
      return removal
    }
    if let containers = users[match.image.id], !containers.isEmpty {
      throw .inUse(text, containers: containers)
    }
    if match.name == nil, all.count > 1, !force {
      throw .severalNames(match.image.id, names: all.map(\.reference.familiar))
    }
    try drop(match.image.id, all)
    removal.untagged = all.map(\.reference)
    removal.deleted = match.image.id
    return removal
  }

  /// Removes an image with all of its names, though its record may be damaged.
  public mutating func discard(_ id: Digest) throws(ImageStoreError) {
    let turn = try store.namesTurn(shared: false)
    defer { _ = turn.descriptor }
    try refresh()
    try drop(id, table.names(of: id))
  }

  /// Takes a name away from an image, which stays.
  public mutating func untag(
    _ reference: ImageReference, from image: Digest
  ) throws(ImageStoreError) {
    guard try drop(reference) else { throw .notFound(reference.familiar) }
    former[image, default: []].append(reference)
  }

  /// Does several removals and flushes them, also when one of them fails.
  public static func batch<Result>(
    _ store: ImageStore, _ body: (inout ImageRemovals) throws -> Result
  ) throws -> Result {
    var removals = ImageRemovals(store)
    do {
      let result = try body(&removals)
      try removals.finish()
      return result
    } catch {
      try? removals.finish()
      throw error
    }
  }

  /// Flushes what was done; to be called after failures too.
  public mutating func finish() throws(ImageStoreError) {
    // Names first: after a power cut no name leads to an image that is gone.
    let records = store.records.directory
    let hasRecords = changed.remove(records) != nil
    try store.flush(changed.sorted() + (hasRecords ? [records] : []))
    changed = []
    for (image, names) in former { store.formerNames.add(names, to: image) }
    former = [:]
  }

  private mutating func drop(_ id: Digest, _ names: [ImageName]) throws(ImageStoreError) {
    for name in names { _ = try drop(name.reference) }
    try stated { () throws(StateError) in _ = try store.records.remove(id.hex) }
    former[id] = nil
    try store.formerNames.remove(id)
    changed.insert(store.records.directory)
    stamp = try stamps()
  }

  /// False when there is no such name.
  private mutating func drop(_ reference: ImageReference) throws(ImageStoreError) -> Bool {
    table.remove(reference)
    guard try store.names.remove(reference, durability: .process) else { return false }
    changed.insert(store.names.directory(of: reference))
    return true
  }

  /// Reads all names again if the directories are not as we left them.
  private mutating func refresh() throws(ImageStoreError) {
    let now = try stamps()
    if now == stamp { return }
    table = try ImageTable(store)
    stamp = now
  }

  private func stamps() throws(ImageStoreError) -> [FileStatus?] {
    try system { () throws(SystemError) in
      [try FileStatus.find(store.names.directory), try FileStatus.find(store.records.directory)]
    }
  }
}
