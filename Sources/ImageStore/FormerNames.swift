import LinuxSystem
public import Model
import StateStore

/// The names that images have had, for `images --history`: one file an image, which lasts as long.
///
/// They are a courtesy: no flush is spent on them, and a disk that is full loses them.
struct FormerNames: Sendable {
  private let records: RecordStore
  /// More are forgotten, the oldest first.
  private static let limit = 50

  init(directory: String) { records = RecordStore(directory) }

  /// Full names, the last one that went first.
  func list() throws(ImageStoreError) -> [Digest: [String]] {
    var former: [Digest: [String]] = [:]
    for hex in try stated({ () throws(StateError) in try records.names() }) {
      guard let id = Digest(algorithm: .sha256, hex: hex) else { continue }
      // One that a power cut has spoilt names nothing.
      former[id] = ((try? records.find(hex)) ?? nil)?.all("name")
    }
    return former
  }

  func add(_ names: [ImageReference], to image: Digest) {
    var record = LineRecord()
    let known = ((try? records.find(image.hex)) ?? nil)?.all("name") ?? []
    let added = names.reversed().map(\.full)
    for name in (added + known.filter { !added.contains($0) }).prefix(Self.limit) {
      record.append("name", name)
    }
    // Nothing depends on it.
    try? records.write(image.hex, record)
  }

  func remove(_ image: Digest) throws(ImageStoreError) {
    try stated { () throws(StateError) in _ = try records.remove(image.hex) }
  }
}

extension ImageStore {
  var formerNames: FormerNames { FormerNames(directory: "\(root)/former") }

  /// The names that images had once and have no more, perhaps; the last one that went first.
  public func listFormerNames() throws(ImageStoreError) -> [Digest: [String]] {
    try formerNames.list()
  }
}
