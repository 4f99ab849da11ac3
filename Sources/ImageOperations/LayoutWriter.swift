import FoundationEssentials
import ImageDocuments
import ImageStore
import LayerArchive
import Model
import OCISpec

/// Writes an OCI layout (image-spec image-layout.md); Docker's manifests are put in OCI's words.
struct LayoutWriter {
  private let layers: SavedLayers
  private let place: any SavePlace

  init(_ layers: SavedLayers, _ place: any SavePlace) {
    self.layers = layers
    self.place = place
  }

  func write(_ items: [SaveImages.Item]) throws {
    try place.add("oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
    var written: Set<Digest> = []
    var entries: [BlobDescriptor] = []
    for item in items {
      let bytes = Self.ociManifest(item)
      let digest = Hasher.digest(of: bytes)
      for layer in item.manifest.layers where written.insert(layer.digest).inserted {
        try layers.copy(layer, to: place, as: Self.path(layer.digest))
      }
      for (digest, bytes) in [(item.manifest.config.digest, item.configBytes), (digest, bytes)]
      where written.insert(digest).inserted {
        try place.add(Self.path(digest), bytes)
      }
      let entry = BlobDescriptor(
        mediaType: .ociManifest, digest: digest, size: Int64(bytes.count),
        platform: item.image.platform)
      // Every name is an entry of its own: the annotation holds one.
      for name in item.names {
        var named = entry
        named.annotations = ["org.opencontainers.image.ref.name": name.full]
        entries.append(named)
      }
      if item.names.isEmpty { entries.append(entry) }
    }
    try place.add("index.json", ImageIndex(manifests: entries).encoded())
  }

  static func path(_ digest: Digest) -> String {
    "blobs/\(digest.algorithm.rawValue)/\(digest.hex)"
  }

  private static func ociManifest(_ item: SaveImages.Item) -> [UInt8] {
    let isOCI = item.manifest.mediaType == nil || item.manifest.mediaType == .ociManifest
    if isOCI, item.manifest.config.mediaType == .ociConfig { return item.manifestBytes }
    var manifest = item.manifest
    manifest.mediaType = .ociManifest
    manifest.config.mediaType = .ociConfig
    for index in manifest.layers.indices {
      switch manifest.layers[index].mediaType.layerCompression {
      case .gzip?: manifest.layers[index].mediaType = .ociLayerGzip
      case .zstd?: manifest.layers[index].mediaType = .ociLayerZstd
      default: manifest.layers[index].mediaType = .ociLayer
      }
    }
    return manifest.encoded()
  }
}

/// Writes docker-archive: layers as plain tars, named by their digests.
struct DockerArchiveWriter {
  private let save: SaveImages
  private let writer: TarWriter
  private let place: ArchivePlace

  init(_ save: SaveImages, _ writer: TarWriter) {
    self.save = save
    self.writer = writer
    place = ArchivePlace(writer)
  }

  func write(_ items: [SaveImages.Item]) throws {
    var written: Set<Digest> = []
    var list: [DockerArchiveItem] = []
    var repositories: [String: [String: String]] = [:]
    for item in items {
      let diffIDs = item.config.rootfs.diffIDs
      let chains = LayerInstaller.chains(diffIDs)
      for (index, layer) in item.manifest.layers.enumerated()
      where written.insert(diffIDs[index]).inserted {
        try add(layer, diffID: diffIDs[index], chain: chains[index])
      }
      if written.insert(item.image.id).inserted {
        try place.add("\(item.image.id.hex).json", item.configBytes)
      }
      list.append(
        DockerArchiveItem(
          config: "\(item.image.id.hex).json", repoTags: item.names.map(\.full),
          layers: diffIDs.map { "\($0.hex).tar" }))
      for name in item.names {
        guard let tag = name.tag, let top = diffIDs.last else { continue }
        repositories[name.name, default: [:]][tag] = top.hex
      }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try place.add("repositories", Array(try encoder.encode(repositories)))
    try place.add("manifest.json", Array(try encoder.encode(list)))
  }

  private func add(_ layer: BlobDescriptor, diffID: Digest, chain: Digest) throws {
    guard let size = try save.store.layers.find(chain)?.tarSize else {
      throw ImageStoreError.damaged("layer \(chain)")
    }
    let hasher = Hasher()
    try StoredLayers(blobs: save.store.blobs, reporter: save.reporter).withLayer(layer) { source in
      let tar = HashingSource(Decompressor(source), into: hasher)
      try place.add("\(diffID.hex).tar", size: size) { (write) throws(ArchiveError) in
        while let bytes = try tar.next() { try write(bytes) }
        while try source.next() != nil {}
      }
    }
    let found = hasher.finish()
    guard found == diffID else {
      throw ArchiveError.digestMismatch(
        what: "layer \(layer.digest.shortID)", expected: diffID, found: found)
    }
    save.reporter.progress(layer.digest.shortID, .done)
  }
}
