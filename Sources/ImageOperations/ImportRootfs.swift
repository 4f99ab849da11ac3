import ImageDocuments
import ImageStore
import LayerArchive
import LinuxSystem
import Model
import OCISpec

/// Makes an image of one layer from the tar of a root filesystem.
struct ImportRootfs {
  let store: ImageStore
  let reporter: Reporter

  func run(_ request: ImportRequest) throws -> HelperEvent.Result {
    let platform = try request.platform.map { try Platform($0) } ?? .host
    var execution = ImageConfig.Execution()
    for change in request.changes { try ImageChange(change).apply(to: &execution) }
    let reference = try request.reference.map { try ImageReference($0) }
    let staging = try Staging(store)
    let file = try stage(request.path, in: staging)
    let diffID = try diffID(of: file)

    let now = Timestamp.format(Clock.realtime())
    var config = ImageConfig(platform: platform, diffIDs: [diffID], config: execution)
    config.created = now
    config.history = [
      ImageConfig.History(
        created: now, createdBy: "martlet import",
        comment: request.message ?? "Imported from \(request.path)")
    ]
    let image = Self.image(config, file)
    let lease = try Lease(store, blobs: [file.digest])
    if !store.blobs.contains(file.digest) { try store.blobs.publish(file.path, as: file.digest) }
    let names = [reference].compactMap { $0 }
    let stored = try ImageInstaller(store: store, reporter: reporter).install(
      image, names: names, from: StoredLayers(blobs: store.blobs, reporter: reporter))
    _ = lease
    return HelperEvent.Result(images: [
      HelperEvent.Result.Image(id: stored.id, names: names.map(\.full))
    ])
  }

  private static func image(_ config: ImageConfig, _ file: Staging.File) -> ImageInstaller.Image {
    let mediaType: MediaType =
      switch file.compression {
      case .gzip: .ociLayerGzip
      case .zstd: .ociLayerZstd
      default: .ociLayer
      }
    let bytes = config.encoded()
    let manifest = Manifest(
      config: BlobDescriptor(
        mediaType: .ociConfig, digest: Hasher.digest(of: bytes), size: Int64(bytes.count)),
      layers: [BlobDescriptor(mediaType: mediaType, digest: file.digest, size: file.size)])
    let manifestBytes = manifest.encoded()
    return ImageInstaller.Image(
      manifestBytes: manifestBytes, manifestDigest: Hasher.digest(of: manifestBytes),
      manifest: manifest, configBytes: bytes, config: config)
  }

  /// Keeps gzip and zstd as they are; what no registry takes as a layer is kept decompressed.
  private func stage(_ path: String, in staging: Staging) throws -> Staging.File {
    var total: Int64 = 0
    if let download = try FileDownload(path) {
      let file = try staging.stage { take in
        try download.run { (bytes, range) throws(ArchiveError) in
          try take(bytes, range)
          total += Int64(range.count)
          reporter.progress("rootfs", .downloading, total)
        }
      }
      let opened = try OwnedDescriptor.open(file.path)
      return try inflate(file, DescriptorSource(opened.raw), in: staging)
    }
    let input = path == "-" ? nil : try OpenInput(path)
    let source = PeekingSource(DescriptorSource(input?.file.raw ?? HelperRequest.userInput))
    let chosen: any ByteSource =
      switch StreamCompression(try source.peek(6)) {
      case .xz, .bzip2: Decompressor(source)
      default: source
      }
    return try staging.stage { take in
      while let bytes = try chosen.next() {
        try take(bytes, 0..<bytes.count)
        total += Int64(bytes.count)
        reporter.progress("rootfs", .copying, total)
      }
    }
  }

  private func inflate(_ file: Staging.File, _ source: any ByteSource, in staging: Staging) throws
    -> Staging.File
  {
    switch file.compression {
    case .none, .gzip, .zstd: return file
    case .xz, .bzip2:
      let plain = Decompressor(source)
      return try staging.stage { take in
        while let bytes = try plain.next() { try take(bytes, 0..<bytes.count) }
      }
    }
  }

  private final class OpenInput {
    let file: OwnedDescriptor
    init(_ path: String) throws(SystemError) { file = try OwnedDescriptor.open(path) }
  }

  private func diffID(of file: Staging.File) throws -> Digest {
    if case .none = file.compression { return file.digest }
    let opened = try OwnedDescriptor.open(file.path)
    let hasher = Hasher()
    let source = Decompressor(DescriptorSource(opened.raw))
    while let bytes = try source.next() { hasher.update(bytes) }
    return hasher.finish()
  }
}
