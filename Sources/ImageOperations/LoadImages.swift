import FoundationEssentials
import ImageDocuments
import ImageStore
import LayerArchive
import LinuxSystem
import Model
import OCISpec

/// Takes the images out of an archive or directory: docker-archive, OCI layout, or skopeo's `dir:`.
struct LoadImages {
  let store: ImageStore
  let reporter: Reporter
  private let leases = Leases()

  init(store: ImageStore, reporter: Reporter) {
    self.store = store
    self.reporter = reporter
  }

  func run(_ request: LoadRequest) throws -> HelperEvent.Result {
    let platform = try request.platform.map { try Platform($0) } ?? .host
    let contents: ArchiveContents
    do {
      contents = try ArchiveContents(request.path, store: store, reporter: reporter)
    } catch ArchiveError.malformed(let reason, _) {
      throw OperationError.notAnImageArchive(path: shown(request.path), reason: reason)
    } catch ArchiveContents.Failure.noEntry {
      throw OperationError.notAnImageArchive(
        path: shown(request.path), reason: "it ends within its first file")
    }
    var images: [HelperEvent.Result.Image] = []
    let trust = SignatureCheck(store)
    if let bytes = try contents.findDocument("manifest.json") {
      if bytes.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == 0x5B {
        try trust.check(transport: "docker-archive", path: request.path)
        images = try install(try DockerArchiveItem.decode(bytes)) { try image($0, contents) }
      } else {
        try trust.check(transport: "dir", path: request.path)
        images = try install([bytes]) { (try directoryImage($0, contents), []) }
      }
    } else if let bytes = try contents.findDocument("index.json") {
      let isDirectory = try FileStatus.find(request.path, follow: true)?.kind == .directory
      try trust.check(transport: isDirectory ? "oci" : "oci-archive", path: request.path)
      images = try loadLayout(bytes, contents, platform)
    } else {
      throw OperationError.notAnImageArchive(
        path: shown(request.path), reason: "it has neither manifest.json nor index.json")
    }
    return HelperEvent.Result(images: images)
  }

  private func shown(_ path: String) -> String { path == "-" ? "standard input" : path }

  /// One image of a docker-archive, whose manifest we make: OCI, over its own config.
  private func image(_ item: DockerArchiveItem, _ contents: ArchiveContents) throws -> Named {
    let names = try item.names.map { try ImageReference($0) }
    let configFile = try contents.load(item.config)
    let configBytes = try contents.loadDocument(item.config, limit: ImageConfig.sizeLimit)
    let config = try ImageConfig.decode(configBytes)
    var layers: [BlobDescriptor] = []
    for path in item.layers ?? [] {
      let file = try contents.load(path)
      layers.append(
        BlobDescriptor(mediaType: try mediaType(file), digest: file.digest, size: file.size))
      try keep(file)
    }
    let manifest = Manifest(
      config: BlobDescriptor(
        mediaType: .ociConfig, digest: configFile.digest, size: configFile.size), layers: layers)
    let bytes = manifest.encoded()
    let image = ImageInstaller.Image(
      manifestBytes: bytes, manifestDigest: Hasher.digest(of: bytes), manifest: manifest,
      configBytes: configBytes, config: config)
    return (image, names)
  }

  private func mediaType(_ file: Staging.File) throws -> MediaType {
    switch file.compression {
    case .none: .ociLayer
    case .gzip: .ociLayerGzip
    case .zstd: .ociLayerZstd
    case .xz, .bzip2: throw ArchiveError.unsupported("a layer compressed by xz or bzip2")
    }
  }

  /// Gives a staged file its place among the blobs.
  private func keep(_ file: Staging.File) throws {
    // Before anything is there that a collection could take.
    try leases.add(store, blob: file.digest)
    if store.blobs.holds(file.digest) || !FileTree.exists(file.path) { return }
    try store.blobs.publish(file.path, as: file.digest)
  }

  private typealias Named = (image: ImageInstaller.Image, names: [ImageReference])

  /// Images that are installed together have their flushes in common; their documents are in memory.
  private static let together = (images: 64, bytes: 4 << 20)

  /// Installs what `read` makes of the items; those before one that fails are there all the same.
  private func install<Item>(_ items: [Item], _ read: (Item) throws -> Named) throws
    -> [HelperEvent.Result.Image]
  {
    var installed: [HelperEvent.Result.Image] = []
    var batch: [Named] = []
    var size = 0
    for item in items {
      do {
        let next = try read(item)
        batch.append(next)
        size += next.image.configBytes.count + next.image.manifestBytes.count
      } catch {
        _ = try install(batch)
        throw error
      }
      guard batch.count == Self.together.images || size >= Self.together.bytes else { continue }
      installed += try install(batch)
      (batch, size) = ([], 0)
    }
    return installed + (try install(batch))
  }

  private func install(_ batch: [Named]) throws -> [HelperEvent.Result.Image] {
    var stored: [StoredImage] = []
    try ImageInstaller(store: store, reporter: reporter).install(
      batch, from: StoredLayers(blobs: store.blobs, reporter: reporter), into: &stored)
    return zip(stored, batch).map { image, item in
      HelperEvent.Result.Image(id: image.id, names: item.names.map(\.full))
    }
  }
}

extension LoadImages {
  private func loadLayout(
    _ bytes: [UInt8], _ contents: ArchiveContents, _ platform: Platform
  ) throws -> [HelperEvent.Result.Image] {
    guard case .index(let index) = try ManifestDocument.decode(bytes) else {
      throw ImageSpecError.malformed("index.json", "it is not an index")
    }
    guard !index.manifests.isEmpty else {
      throw OperationError.notAnImageArchive(path: "the archive", reason: "it has no images")
    }
    return try install(index.manifests) { entry in
      var image = try resolve(entry, contents, platform) {
        "blobs/\($0.algorithm.rawValue)/\($0.hex)"
      }
      image.indexes = image.indexes.filter { $0.digest != image.manifestDigest }
      return (image, try names(of: entry))
    }
  }

  /// A name by podman's and skopeo's annotation, or containerd's; without a registry it is local.
  private func names(of entry: BlobDescriptor) throws -> [ImageReference] {
    let annotations = entry.annotations ?? [:]
    guard
      let text = annotations["io.containerd.image.name"]
        ?? annotations["org.opencontainers.image.ref.name"]
    else { return [] }
    return [try ImageReference(ImageReference.isShortName(text) ? "localhost/\(text)" : text)]
  }

  private func directoryImage(_ bytes: [UInt8], _ contents: ArchiveContents) throws
    -> ImageInstaller.Image
  {
    let document = try ManifestDocument.decode(bytes)
    switch document {
    case .index:
      throw OperationError.notAnImageArchive(
        path: "the directory", reason: "it holds an index of several images")
    case .manifest(let manifest):
      return try image(bytes, manifest, contents) { $0.hex }
    }
  }

  private func resolve(
    _ entry: BlobDescriptor, _ contents: ArchiveContents, _ platform: Platform, depth: Int = 0,
    path: (Digest) -> String
  ) throws -> ImageInstaller.Image {
    let bytes = try verified(entry, contents, path(entry.digest), limit: Manifest.sizeLimit)
    switch try ManifestDocument.decode(bytes, expected: entry.mediaType) {
    case .manifest(let manifest): return try image(bytes, manifest, contents, path)
    case .index(let index):
      guard depth < 3, let next = index.findManifest(for: platform) else {
        throw OperationError.notAnImageArchive(
          path: "the archive", reason: "it has no image for \(platform)")
      }
      var image = try resolve(next, contents, platform, depth: depth + 1, path: path)
      image.indexes.insert((entry.digest, bytes), at: 0)
      return image
    }
  }

  private func image(
    _ bytes: [UInt8], _ manifest: Manifest, _ contents: ArchiveContents,
    _ path: (Digest) -> String
  ) throws -> ImageInstaller.Image {
    try manifest.checkRunnable()
    let configBytes = try verified(
      manifest.config, contents, path(manifest.config.digest), limit: ImageConfig.sizeLimit)
    for layer in manifest.layers where !store.blobs.holds(layer.digest) {
      let file = try contents.load(path(layer.digest))
      try check(layer, file.digest, file.size)
      try keep(file)
    }
    return ImageInstaller.Image(
      manifestBytes: bytes, manifestDigest: Hasher.digest(of: bytes), manifest: manifest,
      configBytes: configBytes, config: try ImageConfig.decode(configBytes))
  }

  private func verified(
    _ descriptor: BlobDescriptor, _ contents: ArchiveContents, _ path: String, limit: Int
  ) throws -> [UInt8] {
    let bytes = try contents.loadDocument(path, limit: limit)
    let digest = Hasher.digest(of: bytes, descriptor.digest.algorithm)
    try check(descriptor, digest, Int64(bytes.count))
    return bytes
  }

  private func check(_ descriptor: BlobDescriptor, _ digest: Digest, _ size: Int64) throws {
    guard digest == descriptor.digest else {
      throw ArchiveError.digestMismatch(
        what: "a blob of the archive", expected: descriptor.digest, found: digest)
    }
    guard size == descriptor.size else { throw ArchiveError.truncated }
  }
}

/// One element of a docker-archive's `manifest.json`.
struct DockerArchiveItem: Codable {
  var config: String
  var repoTags: [String]?
  var layers: [String]?

  private enum CodingKeys: String, CodingKey {
    case config = "Config"
    case repoTags = "RepoTags"
    case layers = "Layers"
  }
}

extension DockerArchiveItem {
  var names: [String] { repoTags ?? [] }

  static func decode(_ bytes: [UInt8]) throws -> [DockerArchiveItem] {
    do {
      try JSONGuard.check(bytes)
      let items = try JSONDecoder().decode([DockerArchiveItem].self, from: Data(bytes))
      guard !items.isEmpty else {
        throw OperationError.notAnImageArchive(path: "the archive", reason: "it has no images")
      }
      return items.map {
        DockerArchiveItem(config: $0.config, repoTags: $0.repoTags, layers: $0.layers ?? [])
      }
    } catch let error as OperationError {
      throw error
    } catch {
      throw ImageSpecError.malformed("manifest.json", "it is not a list of images")
    }
  }
}
