public import LinuxSystem
public import Model
import StateStore

/// Where the unpacked layers are: one directory for each chain of layers, named by its chain ID
/// (image-spec config.md, "Layer ChainID").
///
/// A layer's directory appears whole, by rename, with its data already on disk; it is never changed
/// afterwards. It holds `diff`, the files as overlayfs takes them for a lower layer (mount option
/// userxattr), and `layer`, a record of what it is. A layer that is not here may be in a store that
/// is only read.
public struct LayerDirectory: Sendable {
  /// `DATA/layers`.
  public let root: String
  /// Those of additional stores.
  private let others: [LayerDirectory]
  /// Those of them whose files have the owners that they would have here.
  private let usable: [LayerDirectory]

  public init(data: String) { self.init(data: data, others: []) }

  init(data: String, others: [LayerDirectory]) {
    root = "\(data)/layers"
    self.others = others
    // Ids mean the same where root of our user namespace is the owner; whoever else made the store
    // has other subordinate ids, or none.
    usable = others.filter {
      (try? FileStatus.find($0.root, follow: true))?.uid == CurrentProcess.effectiveUser
    }
  }

  /// The layer's place in this store, for whoever makes or removes it.
  public func path(_ chain: Digest) -> String { "\(root)/\(chain.hex)" }

  /// The files of the layer itself, without those below it, wherever they are.
  public func diff(_ chain: Digest) -> String {
    "\((lender(of: chain) ?? self).path(chain))/diff"
  }

  /// A short name of the layer's files here, relative to `root`: mount options have room for one
  /// page.
  public func shortLink(_ chain: Digest) -> String { "l/\(chain.hex.prefix(16))" }

  /// A short name of the layer's files for a mount: relative to `root`, or absolute where an
  /// additional store has them.
  public func mountName(_ chain: Digest) -> String {
    guard let lender = lender(of: chain) else { return shortLink(chain) }
    return "\(lender.root)/\(shortLink(chain))"
  }

  /// The additional store whose layer is used, because there is none here.
  private func lender(of chain: Digest) -> LayerDirectory? {
    usable.isEmpty || holds(chain) ? nil : usable.first { $0.holds(chain) }
  }

  /// A copy of a whole image for one mapping of ids; `map` is the mapping's own name.
  public func mapped(_ top: Digest, map: String) -> String {
    "\(root)/mapped/\(top.hex)-\(map)"
  }

  public func mappedDiff(_ top: Digest, map: String) -> String { "\(mapped(top, map: map))/diff" }

  /// Whether the layer is there whole: its record is the first that deleting takes.
  public func contains(_ chain: Digest) -> Bool { holds(chain) || lender(of: chain) != nil }

  /// Whether this store itself has the layer.
  public func holds(_ chain: Digest) -> Bool {
    FileTree.exists("\(path(chain))/\(Self.recordName)")
  }

  /// What the layer's record says, also where only the files are of no use to us; nil when there is
  /// no such layer.
  public func find(_ chain: Digest) throws(ImageStoreError) -> StoredLayer? {
    if let own = try findOwn(chain) { return own }
    for other in others {
      // One that cannot be read is as good as none.
      if let found = try? other.findOwn(chain) { return found }
    }
    return nil
  }

  private func findOwn(_ chain: Digest) throws(ImageStoreError) -> StoredLayer? {
    let record = try stated { () throws(StateError) in
      try RecordStore(path(chain)).find(Self.recordName)
    }
    return try record.map { (record) throws(ImageStoreError) in
      guard let layer = StoredLayer(record) else { throw .damaged("layer \(chain)") }
      return layer
    }
  }

  /// The chain IDs of all layers.
  public func list() throws(ImageStoreError) -> [Digest] {
    try names().compactMap { Digest(algorithm: .sha256, hex: $0) }
  }

  /// The names of everything in the directory, leftovers as well.
  public func names() throws(ImageStoreError) -> [String] {
    try stated { () throws(StateError) in try RecordStore(root).names() }
  }

  /// Makes an empty directory in which a layer comes to be, in a place of its own on the disk
  /// (`FileTree.ensurePlace`).
  ///
  /// ext4 chooses that by the name, so it is made by another one each time: the same layer would come
  /// where it had been removed a moment ago.
  public static func makeFresh(_ path: String) throws(SystemError) {
    let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    try FileTree.ensurePlace(parent)
    for _ in 0..<16 {
      let fresh = "\(parent)/\(trashPrefix)\(try RandomName.make())"
      try FileTree.makeDirectory(fresh, mode: 0o700)
      do throws(SystemError) { return try FileTree.rename(fresh, to: path) } catch {
        // A collection took it for what it is called.
        guard error.errno == Errno.noEntry else {
          try? FileTree.removeDirectory(fresh)
          throw error
        }
      }
    }
    throw SystemError("mkdir", path, errno: Errno.busy)
  }

  public static let recordName = "layer"
  public static let ingestPrefix = "ingest-"
  public static let trashPrefix = "trash-"
}

/// One unpacked layer.
public struct StoredLayer: Equatable, Sendable {
  /// The digest of its uncompressed tar.
  public var diffID: Digest
  /// The chain it lies on; nil for the lowest.
  public var parent: Digest?
  /// Bytes of its files.
  public var size: Int64
  /// Bytes of its uncompressed tar.
  public var tarSize: Int64
  /// Nothing of the layers below it shows.
  public var isOpaque: Bool
  /// A file may have extended attributes; false where it was unpacked and there was none.
  public var hasAttributes: Bool
  /// The blob that it was unpacked from: that one is known to hold this layer.
  public var blob: Digest?

  public init(
    diffID: Digest, parent: Digest?, size: Int64, tarSize: Int64, isOpaque: Bool,
    hasAttributes: Bool = true, blob: Digest? = nil
  ) {
    self.hasAttributes = hasAttributes
    self.blob = blob
    self.diffID = diffID
    self.parent = parent
    self.size = size
    self.tarSize = tarSize
    self.isOpaque = isOpaque
  }

  init?(_ record: LineRecord) {
    guard let diffID = record.digest("diff-id"), let size = record.integer("size"),
      let tarSize = record.integer("tar-size")
    else { return nil }
    self.tarSize = tarSize
    self.diffID = diffID
    self.size = size
    parent = record.digest("parent")
    isOpaque = record.flag("opaque")
    hasAttributes = record["attributes"] != "none"
    blob = record.digest("blob")
  }

  public var record: LineRecord {
    var record = LineRecord()
    record["diff-id"] = "\(diffID)"
    record["parent"] = parent.map { "\($0)" }
    record["size"] = "\(size)"
    record["tar-size"] = "\(tarSize)"
    if isOpaque { record["opaque"] = "true" }
    if !hasAttributes { record["attributes"] = "none" }
    record["blob"] = blob.map { "\($0)" }
    return record
  }
}

extension LineRecord {
  func digest(_ key: String) -> Digest? { self[key].flatMap { try? Digest($0) } }
}
