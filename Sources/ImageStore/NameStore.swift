import LinuxSystem
public import Model
import StateStore

/// What a name of an image points at.
public struct ImageName: Equatable, Sendable {
  public var reference: ImageReference
  public var image: Digest
  /// The manifest it was pulled or loaded by.
  public var manifest: Digest
  /// The index that listed the manifest, if one did.
  public var index: Digest?

  public init(reference: ImageReference, image: Digest, manifest: Digest, index: Digest? = nil) {
    self.reference = reference
    self.image = image
    self.manifest = manifest
    self.index = index
  }

  /// The repository with its digests, as `RepoDigests` shows them.
  public var repositoryDigests: [String] {
    [index, manifest].compactMap { digest in digest.map { "\(reference.name)@\($0)" } }
  }
}

/// A file in the directory of names.
public struct NameFile: Equatable, Sendable {
  public var path: String
  /// What it names, or its file name where it is not one of ours.
  public var shown: String
  /// Nil when it is damaged.
  public var name: ImageName?
}

/// The names of images: one file each, replaced atomically, so that of two writers one wins.
struct NameStore: Sendable {
  let directory: String

  /// A file name may have 255 bytes and a reference more: long ones go down a directory, whose name
  /// ends in a plus, which no reference contains.
  private static let partLength = 200

  static func fileName(_ reference: ImageReference) -> String {
    var parts: [String] = []
    var rest = reference.full.utf8.flatMap { $0 == 0x2F ? Array("%2F".utf8) : [$0] }[...]
    while rest.count > partLength {
      parts.append(String(decoding: rest.prefix(partLength), as: UTF8.self) + "+")
      rest = rest.dropFirst(partLength)
    }
    return (parts + [String(decoding: rest, as: UTF8.self)]).joined(separator: "/")
  }

  static func reference(_ fileName: String) -> ImageReference? {
    var bytes: [UInt8] = []
    var rest = Array(fileName.utf8)[...]
    let slash = Array("%2F".utf8)
    while let byte = rest.first {
      let isSlash = rest.starts(with: slash)
      rest.removeFirst(isSlash ? slash.count : 1)
      if isSlash {
        bytes.append(UInt8(ascii: "/"))
      } else if byte != UInt8(ascii: "/"), byte != UInt8(ascii: "+") {
        bytes.append(byte)
      }
    }
    return try? ImageReference(String(decoding: bytes, as: UTF8.self))
  }

  func find(_ reference: ImageReference) throws(ImageStoreError) -> ImageName? {
    try read(Self.fileName(reference), reference)
  }

  private func read(_ file: String, _ reference: ImageReference) throws(ImageStoreError)
    -> ImageName?
  {
    let record = try stated { () throws(StateError) in try RecordStore(directory).find(file) }
    guard let record else { return nil }
    guard let image = record.digest("image"), let manifest = record.digest("manifest") else {
      throw .damaged("image name \(reference)")
    }
    return ImageName(
      reference: reference, image: image, manifest: manifest, index: record.digest("index"))
  }

  func list() throws(ImageStoreError) -> [ImageName] { try list(below: "") }

  private func list(below prefix: String) throws(ImageStoreError) -> [ImageName] {
    var names: [ImageName] = []
    let files = try stated { () throws(StateError) in
      try RecordStore("\(directory)/\(prefix)").names()
    }
    for file in files {
      if file.hasSuffix("+") {
        names += try list(below: "\(prefix)\(file)/")
      } else if let reference = Self.reference(prefix + file),
        let name = try read(prefix + file, reference)
      {
        names.append(name)
      }
    }
    return names
  }

  /// All files of the directory, those with damaged contents as well.
  func files(below prefix: String = "") throws(ImageStoreError) -> [NameFile] {
    var all: [NameFile] = []
    let files = try stated { () throws(StateError) in
      try RecordStore("\(directory)/\(prefix)").names()
    }
    for file in files {
      if file.hasSuffix("+") {
        all += try self.files(below: "\(prefix)\(file)/")
        continue
      }
      let reference = Self.reference(prefix + file)
      var name: ImageName?
      // What cannot be read is what this is for.
      if let reference { name = (try? read(prefix + file, reference)) ?? nil }
      all.append(
        NameFile(
          path: "\(directory)/\(prefix)\(file)", shown: reference?.full ?? prefix + file,
          name: name))
    }
    return all
  }

  func write(_ name: ImageName) throws(ImageStoreError) {
    var record = LineRecord()
    record["image"] = "\(name.image)"
    record["manifest"] = "\(name.manifest)"
    record["index"] = name.index.map { "\($0)" }
    let (store, file) = place(name.reference)
    try stated { () throws(StateError) in try store.write(file, record, durability: .power) }
  }

  @discardableResult
  func remove(_ reference: ImageReference) throws(ImageStoreError) -> Bool {
    let (store, file) = place(reference)
    return try stated { () throws(StateError) in try store.remove(file, durability: .power) }
  }

  private func place(_ reference: ImageReference) -> (RecordStore, String) {
    let path = Self.fileName(reference)
    guard let slash = path.lastIndex(of: "/") else { return (RecordStore(directory), path) }
    return (
      RecordStore("\(directory)/\(path[..<slash])"), String(path[path.index(after: slash)...])
    )
  }
}
