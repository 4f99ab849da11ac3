import LinuxSystem
public import Model
import StateStore

/// Manifests, configs and compressed layers, each under its digest and written once.
///
/// What is not here may be in a store that is only read.
public struct BlobStore: Sendable {
  private let root: String
  /// Those of additional stores.
  private let others: [BlobStore]

  init(root: String, others: [BlobStore] = []) {
    self.root = root
    self.others = others
  }

  /// The blob's place in this store, for whoever makes or removes it.
  public func path(_ digest: Digest) -> String {
    "\(root)/blobs/\(digest.algorithm.rawValue)/\(digest.hex)"
  }

  /// Where a blob grows before it is whole; what a killed download left is continued.
  public func ingestPath(_ digest: Digest) -> String { "\(root)/ingest/\(digest.hex).part" }

  public var ingestDirectory: String { "\(root)/ingest" }

  /// Where the blob is to be read: here, or in the first additional store that has it.
  public func location(_ digest: Digest) -> String {
    let own = path(digest)
    if others.isEmpty || FileTree.exists(own) { return own }
    return others.lazy.map { $0.path(digest) }.first(where: FileTree.exists) ?? own
  }

  public func contains(_ digest: Digest) -> Bool { FileTree.exists(location(digest)) }

  /// Whether this store itself has the blob.
  public func holds(_ digest: Digest) -> Bool { FileTree.exists(path(digest)) }

  /// A small blob's bytes.
  public func load(_ digest: Digest, limit: Int = 16 << 20) throws(ImageStoreError) -> [UInt8] {
    do throws(SystemError) {
      return try FileTree.read(location(digest), limit: limit)
    } catch {
      if error.errno == Errno.noEntry { throw .missingBlob(digest) }
      throw .state(.system(error))
    }
  }

  /// Gives a verified file its place; its bytes are on disk first (fsync(2)).
  public func publish(_ file: String, as digest: Digest) throws(ImageStoreError) {
    try system { () throws(SystemError) in
      try FileTree.ensureDirectory("\(root)/blobs/\(digest.algorithm.rawValue)")
      try FileTree.sync(file)
      try FileTree.setMode(file, 0o600)
      try FileTree.rename(file, to: path(digest))
    }
  }

  /// Stores bytes that the caller has hashed.
  public func write(_ bytes: [UInt8], as digest: Digest) throws(ImageStoreError) {
    if holds(digest) { return }
    try stated { () throws(StateError) in
      try RecordStore("\(root)/blobs/\(digest.algorithm.rawValue)").write(
        digest.hex, bytes: bytes, durability: .power)
    }
  }

  /// The same for several at once, of which many need few flushes.
  public func write(all blobs: [(bytes: [UInt8], digest: Digest)]) throws(ImageStoreError) {
    for algorithm in Digest.Algorithm.allCases {
      var seen: Set<Digest> = []
      let new = blobs.filter {
        $0.digest.algorithm == algorithm && !holds($0.digest) && seen.insert($0.digest).inserted
      }
      if new.isEmpty { continue }
      let store = RecordStore("\(root)/blobs/\(algorithm.rawValue)")
      try stated { () throws(StateError) in
        try store.write(contents: new.map { ($0.digest.hex, $0.bytes) })
      }
      try system { () throws(SystemError) in try FileTree.sync(store.directory) }
    }
  }

  /// The digests of all blobs.
  public func list() throws(ImageStoreError) -> [Digest] {
    var all: [Digest] = []
    for algorithm in Digest.Algorithm.allCases {
      let names = try stated { () throws(StateError) in
        try RecordStore("\(root)/blobs/\(algorithm.rawValue)").names()
      }
      all += names.compactMap { Digest(algorithm: algorithm, hex: $0) }
    }
    return all
  }
}
