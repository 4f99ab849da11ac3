import ImageDocuments
import ImageStore
import LayerArchive
import LinuxSystem
import Model
import OCISpec

/// The layers of images that are saved: as the store has them, or in another compression.
final class SavedLayers {
  private enum Origin {
    /// A compressed blob that is written decompressed.
    case inflated(BlobDescriptor)
    case staged(Staging.File)
  }

  private let store: ImageStore
  private let reporter: Reporter
  private let form: SaveRequest.LayerForm?
  private var origins: [Digest: Origin] = [:]
  private var staging: Staging?

  init(_ store: ImageStore, _ reporter: Reporter, form: SaveRequest.LayerForm?) {
    self.store = store
    self.reporter = reporter
    self.form = form
  }

  /// The item with the layers that it will have in the archive.
  func prepare(_ item: SaveImages.Item) throws -> SaveImages.Item {
    guard let form else { return item }
    var item = item
    let diffIDs = item.config.rootfs.diffIDs
    let chains = LayerInstaller.chains(diffIDs)
    for index in item.manifest.layers.indices {
      let layer = item.manifest.layers[index]
      let isPlain = layer.mediaType.layerCompression == MediaType.Compression.none
      switch form {
      case .uncompressed where !isPlain:
        guard let size = try store.layers.find(chains[index])?.tarSize else {
          throw ImageStoreError.damaged("layer \(chains[index])")
        }
        origins[diffIDs[index]] = .inflated(layer)
        item.manifest.layers[index] = BlobDescriptor(
          mediaType: .ociLayer, digest: diffIDs[index], size: size)
      case .compressed where isPlain:
        let file = try compress(layer)
        origins[file.digest] = .staged(file)
        item.manifest.layers[index] = BlobDescriptor(
          mediaType: .ociLayerGzip, digest: file.digest, size: file.size)
      default: continue
      }
    }
    if item.manifest.mediaType != .ociManifest, item.manifest.config.mediaType != .ociConfig {
      for index in item.manifest.layers.indices {
        let isPlain =
          item.manifest.layers[index].mediaType.layerCompression == MediaType.Compression.none
        item.manifest.layers[index].mediaType = isPlain ? .dockerLayer : .dockerLayerGzip
      }
    }
    item.manifestBytes = item.manifest.encoded()
    return item
  }

  private func compress(_ layer: BlobDescriptor) throws -> Staging.File {
    let staging = try self.staging ?? Staging(store)
    self.staging = staging
    return try staging.stage { take in
      try StoredLayers(blobs: store.blobs, reporter: reporter).withLayer(layer) { source in
        let compressed = try Compressor(source, .gzip)
        while let bytes = try compressed.next() { try take(bytes, 0..<bytes.count) }
      }
    }
  }

  /// Writes one layer of a prepared item, comparing its digest on the way.
  func copy(_ layer: BlobDescriptor, to place: any SavePlace, as name: String) throws {
    switch origins[layer.digest] {
    case nil:
      try StoredLayers(blobs: store.blobs, reporter: reporter).withLayer(layer) { source in
        try place.add(name, size: layer.size) { (write) throws(ArchiveError) in
          while let bytes = try source.next() { try write(bytes) }
        }
      }
    case .staged(let file)?:
      let opened = try OwnedDescriptor.open(file.path)
      let source = DescriptorSource(opened.raw)
      try place.add(name, size: file.size) { (write) throws(ArchiveError) in
        while let bytes = try source.next() { try write(bytes) }
      }
    case .inflated(let blob)?:
      try StoredLayers(blobs: store.blobs, reporter: reporter).withLayer(blob) { source in
        let tar = Decompressor(source)
        try place.add(name, size: layer.size) { (write) throws(ArchiveError) in
          while let bytes = try tar.next() { try write(bytes) }
          while try source.next() != nil {}
        }
      }
    }
    reporter.progress(layer.digest.shortID, .done)
  }
}
