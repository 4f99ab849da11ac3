import ImageStore
import LayerArchive
import LinuxSystem
import Model
import OCISpec

/// Layers whose blobs are in the store already.
struct StoredLayers: LayerSupply {
  let blobs: BlobStore
  let reporter: Reporter

  func withLayer<Result>(
    _ descriptor: BlobDescriptor, _ body: (any ByteSource) throws -> Result
  ) throws -> Result {
    guard blobs.contains(descriptor.digest) else {
      throw ImageStoreError.missingBlob(descriptor.digest)
    }
    let file = try OwnedDescriptor.open(blobs.location(descriptor.digest))
    let hasher = Hasher(descriptor.digest.algorithm)
    let result = try body(
      ProgressSource(HashingSource(DescriptorSource(file.raw), into: hasher)) { used in
        reporter.progress(descriptor.digest.shortID, .extracting, used, of: descriptor.size)
      })
    let found = hasher.finish()
    guard found == descriptor.digest else {
      throw ArchiveError.digestMismatch(
        what: "stored blob \(descriptor.digest.shortID)", expected: descriptor.digest, found: found)
    }
    return result
  }
}

/// A source that tells how many bytes have passed.
final class ProgressSource: ByteSource {
  private let source: any ByteSource
  private let tell: (Int64) -> Void
  private var count: Int64 = 0

  init(_ source: any ByteSource, tell: @escaping (Int64) -> Void) {
    self.source = source
    self.tell = tell
  }

  func next() throws(ArchiveError) -> [UInt8]? {
    guard let bytes = try source.next() else { return nil }
    count += Int64(bytes.count)
    tell(count)
    return bytes
  }
}
