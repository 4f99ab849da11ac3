import LinuxSystem
public import Model
import StateStore

/// Manifests, configs and compressed layers, each under its digest and written once.
public struct BlobStore: Sendable {
  private let root: String

  init(root: String) { self.root = root }

  public func path(_ digest: Digest) -> String {
    "\(root)/blobs/\(digest.algorithm.rawValue)/\(digest.hex)"
  }

  /// Where a blob grows before it is whole; what a killed download left is continued.
  public func ingestPath(_ digest: Digest) -> String { "\(root)/ingest/\(digest.hex).part" }

  public var ingestDirectory: String { "\(root)/ingest" }

  public func contains(_ digest: Digest) -> Bool { FileTree.exists(path(digest)) }

  /// A small blob's bytes.
  public func load(_ digest: Digest, limit: Int = 16 << 20) throws(ImageStoreError) -> [UInt8] {
    do throws(SystemError) {
      return try FileTree.read(path(digest), limit: limit)
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
    if contains(digest) { return }
    try stated { () throws(StateError) in
      try RecordStore("\(root)/blobs/\(digest.algorithm.rawValue)").write(
        digest.hex, bytes: bytes, durability: .power)
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
