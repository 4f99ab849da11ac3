import ImageStore
import LayerArchive
import LinuxSystem
import Model
import OCISpec

/// Layers whose blobs are in the store already.
struct StoredLayers: LayerSupply {
  let blobs: BlobStore

  func withLayer<Result>(
    _ descriptor: BlobDescriptor, _ body: (any ByteSource) throws -> Result
  ) throws -> Result {
    guard blobs.contains(descriptor.digest) else {
      throw ImageStoreError.missingBlob(descriptor.digest)
    }
    let file = try OwnedDescriptor.open(blobs.path(descriptor.digest))
    let hasher = Hasher(descriptor.digest.algorithm)
    let result = try body(HashingSource(DescriptorSource(file.raw), into: hasher))
    let found = hasher.finish()
    guard found == descriptor.digest else {
      throw ArchiveError.digestMismatch(
        what: "stored blob \(descriptor.digest.shortID)", expected: descriptor.digest, found: found)
    }
    return result
  }
}
