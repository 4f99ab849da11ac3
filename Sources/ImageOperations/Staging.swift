import ImageStore
import LayerArchive
import LinuxSystem
import Model
import StateStore

/// A private place in the store for the files of an archive, on the same filesystem as the blobs.
///
/// Locked while it is used; what a killed process leaves, the next collection removes.
final class Staging {
  let directory: String
  private let lock: FileLock
  private var count = 0

  static let prefix = "load-"

  init(_ store: ImageStore) throws {
    directory = "\(store.blobs.ingestDirectory)/\(Self.prefix)\(try RandomName.make())"
    lock = try Self.claim(directory)
  }

  /// Makes the directory and locks it; a sweep may take it in between, then it is made again.
  private static func claim(_ directory: String) throws(SystemError) -> FileLock {
    for _ in 0..<16 {
      try FileTree.ensureDirectory(directory)
      do throws(SystemError) {
        let lock = try FileLock("\(directory)/lock")
        let mine = try FileStatus.of(descriptor: lock.descriptor)
        if try FileStatus.find("\(directory)/lock")?.inode == mine.inode { return lock }
      } catch {
        guard error.errno == Errno.noEntry else { throw error }
      }
    }
    throw SystemError("lock", directory, errno: Errno.busy)
  }

  deinit { try? FileTree.removeTree(directory) }

  /// A file of the archive, with its digest.
  struct File: Sendable {
    var path: String
    var digest: Digest
    var size: Int64
    var compression: StreamCompression
  }

  /// Takes everything that `body` hands over as one file.
  func stage(_ body: (_ take: ([UInt8], Range<Int>) throws(ArchiveError) -> Void) throws -> Void)
    throws -> File
  {
    count += 1
    let path = "\(directory)/\(count)"
    let file = try OwnedDescriptor.open(path, [.writeOnly, .create, .exclusive])
    let fd = file.raw
    let hasher = Hasher()
    var start: [UInt8] = []
    try body { (bytes, range) throws(ArchiveError) in
      if start.count < 6 { start += bytes[range].prefix(6) }
      hasher.update(range == 0..<bytes.count ? bytes : Array(bytes[range]))
      do throws(SystemError) {
        try OpenFile.write(fd, bytes, range)
      } catch {
        throw .entry(path, error)
      }
    }
    let size = hasher.count
    return File(
      path: path, digest: hasher.finish(), size: size, compression: StreamCompression(start))
  }

  /// A small file's bytes.
  func load(_ file: File, limit: Int) throws -> [UInt8] {
    try FileTree.read(file.path, limit: limit)
  }
}

/// Leases that last as long as an operation.
final class Leases {
  private final class Held {
    private let lease: Lease
    init(_ store: ImageStore, _ blobs: [Digest], _ layers: [Digest]) throws(ImageStoreError) {
      lease = try Lease(store, blobs: blobs, layers: layers)
    }
  }

  private var held: [Held] = []
  private var single: Set<Digest> = []

  /// Again for the same blob is nothing.
  func add(_ store: ImageStore, blob: Digest) throws {
    if single.insert(blob).inserted { try add(store, blobs: [blob], layers: []) }
  }

  func add(_ store: ImageStore, blobs: [Digest], layers: [Digest]) throws {
    held.append(try Held(store, blobs, layers))
  }
}
