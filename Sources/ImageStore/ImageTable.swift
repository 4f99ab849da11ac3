import LinuxSystem
import Model
import StateStore

/// All names and ids of a store in memory, for a command that looks many of them up.
struct ImageTable: ImageLookup {
  private var names: [ImageReference: ImageName] = [:]
  private var namesOfImage: [Digest: [ImageReference]] = [:]
  private var namesByPart: [Substring: [ImageReference]] = [:]
  /// Hexadecimal, sorted.
  private var ids: [String] = []

  init() {}

  init(_ store: ImageStore) throws(ImageStoreError) {
    for name in try store.names.list() {
      names[name.reference] = name
      namesOfImage[name.image, default: []].append(name.reference)
      namesByPart[name.reference.lastPart, default: []].append(name.reference)
    }
    ids = try stated { () throws(StateError) in try store.records.names() }
  }

  func find(_ reference: ImageReference) -> ImageName? { names[reference] }

  func names(endingIn part: Substring) -> [ImageName] {
    (namesByPart[part] ?? []).compactMap { names[$0] }
  }

  func ids(startingWith prefix: String) -> [Digest] {
    var low = 0
    var high = ids.count
    while low < high {
      let middle = (low + high) / 2
      if ids[middle] < prefix { low = middle + 1 } else { high = middle }
    }
    return ids[low...].prefix { $0.hasPrefix(prefix) }.compactMap {
      Digest(algorithm: .sha256, hex: $0)
    }
  }

  /// The names of an image, sorted by their spelling.
  func names(of image: Digest) -> [ImageName] {
    (namesOfImage[image] ?? []).compactMap { names[$0] }
  }

  /// An id that is gone may stay: it leads to no record.
  mutating func remove(_ reference: ImageReference) { names[reference] = nil }
}
