import LinuxSystem
import Model
import StateStore

/// Where names and ids are looked up.
protocol ImageLookup {
  func find(_ reference: ImageReference) throws(ImageStoreError) -> ImageName?
  /// Every name whose repository ends in this part, sorted by its spelling.
  func names(endingIn part: Substring) throws(ImageStoreError) -> [ImageName]
  /// Every id that begins with these digits, sorted.
  func ids(startingWith prefix: String) throws(ImageStoreError) -> [Digest]
}

/// Looks on the disk, for the few that one command asks for; of the names it reads only those that
/// may be meant.
struct StoredLookup: ImageLookup {
  let store: ImageStore

  func find(_ reference: ImageReference) throws(ImageStoreError) -> ImageName? {
    try store.names.find(reference)
  }

  func names(endingIn part: Substring) throws(ImageStoreError) -> [ImageName] {
    try store.names.list { $0.lastPart == part }
  }

  func ids(startingWith prefix: String) throws(ImageStoreError) -> [Digest] {
    try store.ids().filter { $0.hex.hasPrefix(prefix) }
  }
}

extension ImageReference {
  /// `nginx` of `docker.io/library/nginx:1`.
  var lastPart: Substring {
    repository.utf8.lastIndex(of: UInt8(ascii: "/"))
      .map { repository[repository.utf8.index(after: $0)...] } ?? repository[...]
  }
}

extension ImageStore {
  /// The image that a user means among those of this store itself.
  func findOwnMatch(_ text: String) throws(ImageStoreError) -> Match? {
    try findOwnMatch(text, in: StoredLookup(store: self))
  }

  func findOwnMatch(_ text: String, in lookup: some ImageLookup) throws(ImageStoreError) -> Match? {
    let hex = text.hasPrefix("sha256:") ? String(text.dropFirst(7)) : text
    if let id = Digest(algorithm: .sha256, hex: hex) {
      return try findOwn(id: id).map { ($0, nil) }
    }
    for reference in Self.candidates(text) {
      if let name = try findName(reference, lookup), let image = try findOwn(id: name.image) {
        return (image, name)
      }
    }
    if let name = try findBelowRegistry(text, lookup), let image = try findOwn(id: name.image) {
      return (image, name)
    }
    return try find(prefix: hex, lookup).map { ($0, nil) }
  }

  /// What a name without a registry may stand for; a local build comes first.
  static func candidates(_ text: String) -> [ImageReference] {
    guard let reference = try? ImageReference(text) else { return [] }
    guard ImageReference.isShortName(text) else { return [reference] }
    return [try? ImageReference("localhost/\(text)"), reference].compactMap { $0 }
  }

  /// A name without a registry is also that of an image of any registry, if it is the only one.
  private func findBelowRegistry(
    _ text: String, _ lookup: some ImageLookup
  ) throws(ImageStoreError) -> ImageName? {
    guard ImageReference.isShortName(text),
      let wanted = try? ImageReference("localhost/\(text)")
    else { return nil }
    let found = try lookup.names(endingIn: wanted.lastPart).filter { name in
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

  private func findName(
    _ reference: ImageReference, _ lookup: some ImageLookup
  ) throws(ImageStoreError) -> ImageName? {
    if let name = try lookup.find(reference) { return name }
    guard let digest = reference.digest else { return nil }
    // By digest, whatever tag it was pulled under.
    return try lookup.names(endingIn: reference.lastPart).first {
      $0.reference.name == reference.name && ($0.manifest == digest || $0.index == digest)
    }
  }

  private func find(
    prefix: String, _ lookup: some ImageLookup
  ) throws(ImageStoreError) -> StoredImage? {
    guard !prefix.isEmpty, prefix.utf8.allSatisfy(\.isLowerCaseHexDigit) else { return nil }
    let matches = try lookup.ids(startingWith: prefix)
    if matches.count > 1 { throw .ambiguousPrefix(prefix, matches: matches) }
    return try matches.first.flatMap { (id) throws(ImageStoreError) in try findOwn(id: id) }
  }
}
