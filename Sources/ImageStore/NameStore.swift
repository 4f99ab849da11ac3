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
    let name = Array(fileName.utf8)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(name.count)
    var index = 0
    while index < name.count {
      let byte = name[index]
      index += 1
      if byte == UInt8(ascii: "%"), index + 1 < name.count, name[index] == UInt8(ascii: "2"),
        name[index + 1] == UInt8(ascii: "F")
      {
        bytes.append(UInt8(ascii: "/"))
        index += 2
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
    return try record.map { (record) throws(ImageStoreError) in try name(reference, record) }
  }

  private func name(
    _ reference: ImageReference, _ record: LineRecord
  ) throws(ImageStoreError) -> ImageName {
    guard let image = record.digest("image"), let manifest = record.digest("manifest") else {
      throw .damaged("image name \(reference)")
    }
    return ImageName(
      reference: reference, image: image, manifest: manifest, index: record.digest("index"))
  }

  func list() throws(ImageStoreError) -> [ImageName] { try list { _ in true } }

  /// Those that are wanted, sorted by their files, very long ones last; no other file is read.
  func list(_ isWanted: (ImageReference) -> Bool) throws(ImageStoreError) -> [ImageName] {
    try list(below: "", isWanted)
  }

  private func list(
    below prefix: String, _ isWanted: (ImageReference) -> Bool
  ) throws(ImageStoreError) -> [ImageName] {
    var names: [ImageName] = []
    var directories: [String] = []
    let files = try stated { () throws(StateError) in
      try RecordStore("\(directory)/\(prefix)").list { file in
        if file.hasSuffix("+") {
          directories.append("\(prefix)\(file)/")
          return nil as ImageReference?
        }
        return Self.reference(prefix + file).flatMap { isWanted($0) ? $0 : nil }
      }
    }
    for (reference, record) in files { names.append(try name(reference, record)) }
    for directory in directories { names += try list(below: directory, isWanted) }
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

  /// Writes names whose directories are to be flushed afterwards: their paths.
  func put(_ names: [ImageName]) throws(ImageStoreError) -> [String] {
    var directories: [String] = []
    var records: [String: [(name: String, bytes: [UInt8])]] = [:]
    for name in names {
      let (store, file) = place(name.reference)
      if records[store.directory] == nil { directories.append(store.directory) }
      records[store.directory, default: []].append((file, Array(Self.record(name).text.utf8)))
    }
    for directory in directories {
      try stated { () throws(StateError) in
        try RecordStore(directory).write(contents: records[directory] ?? [])
      }
    }
    return directories
  }

  private static func record(_ name: ImageName) -> LineRecord {
    var record = LineRecord()
    record["image"] = "\(name.image)"
    record["manifest"] = "\(name.manifest)"
    record["index"] = name.index.map { "\($0)" }
    return record
  }

  /// Whether it was there.
  @discardableResult
  func remove(
    _ reference: ImageReference, durability: RecordStore.Durability = .power
  ) throws(ImageStoreError) -> Bool {
    let (store, file) = place(reference)
    return try stated { () throws(StateError) in try store.remove(file, durability: durability) }
  }

  /// Where the file of a name is.
  func directory(of reference: ImageReference) -> String { place(reference).0.directory }

  private func place(_ reference: ImageReference) -> (RecordStore, String) {
    let path = Self.fileName(reference)
    guard let slash = path.lastIndex(of: "/") else { return (RecordStore(directory), path) }
    return (
      RecordStore("\(directory)/\(path[..<slash])"), String(path[path.index(after: slash)...])
    )
  }
}
