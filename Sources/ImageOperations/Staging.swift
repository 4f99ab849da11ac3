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
    try FileTree.ensureDirectory(directory)
    lock = try FileLock("\(directory)/lock")
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
