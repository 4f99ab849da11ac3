import FoundationEssentials
import ImageStore
import LayerArchive
import LinuxSystem
import Model
import OCISpec

/// Makes an image of a manifest, a config and a supply of layers; everything else decides only where
/// these come from.
struct ImageInstaller {
  let store: ImageStore
  let reporter: Reporter

  struct Image {
    var manifestBytes: [UInt8]
    var manifestDigest: Digest
    var manifest: Manifest
    var configBytes: [UInt8]
    var config: ImageConfig
    /// The indexes that led to the manifest, outermost first.
    var indexes: [(digest: Digest, bytes: [UInt8])] = []
  }

  /// - Returns: the image, which is known by the given names when this returns.
  func install(_ image: Image, names: [ImageReference], from supply: any LayerSupply) throws
    -> StoredImage
  {
    try image.config.check(against: image.manifest)
    let jobs = LayerInstaller.jobs(image.manifest, image.config)
    let lease = try Lease(
      store,
      blobs: [image.manifestDigest, image.manifest.config.digest] + image.indexes.map(\.digest)
        + image.manifest.layers.map(\.digest), layers: jobs.map(\.chain))
    if let known = try findWhole(image, jobs) {
      try store.publishNames(self.names(names, image, known))
      return known
    }
    try checkSpace(jobs)
    try store.blobs.write(image.configBytes, as: image.manifest.config.digest)
    try store.blobs.write(image.manifestBytes, as: image.manifestDigest)
    for index in image.indexes { try store.blobs.write(index.bytes, as: index.digest) }
    for job in jobs where store.layers.contains(job.chain) {
      reporter.progress(job.descriptor.digest.shortID, .exists)
    }
    let installer = LayerInstaller(store: store, reporter: reporter)
    try installer.install(jobs, from: supply)
    for job in jobs { try installer.pair(job, from: supply) }
    let stored = try record(image, jobs)
    try store.publish(stored, named: self.names(names, image, stored))
    _ = lease
    return stored
  }

  /// The image when it is there as it should be: then there is nothing to do but name it.
  private func findWhole(_ image: Image, _ jobs: [LayerInstaller.Job]) throws -> StoredImage? {
    let installer = LayerInstaller(store: store, reporter: reporter)
    guard let known = try store.findOwn(id: image.manifest.config.digest),
      known.manifest == image.manifestDigest,
      store.blobs.contains(image.manifest.config.digest), try jobs.allSatisfy(installer.isPaired)
    else { return nil }
    for index in image.indexes { try store.blobs.write(index.bytes, as: index.digest) }
    for job in jobs { reporter.progress(job.descriptor.digest.shortID, .exists) }
    return known
  }

  private func names(_ references: [ImageReference], _ image: Image, _ stored: StoredImage)
    -> [ImageName]
  {
    references.map {
      ImageName(
        reference: $0, image: stored.id, manifest: image.manifestDigest,
        index: image.indexes.first?.digest)
    }
  }

  /// Refuses what cannot fit: blobs take their size, and files at least what they take compressed.
  func checkSpace(_ jobs: [LayerInstaller.Job]) throws {
    var needed: Int64 = 0
    for job in jobs {
      if !store.layers.contains(job.chain) { needed += job.descriptor.size }
      if !store.blobs.contains(job.descriptor.digest) { needed += job.descriptor.size }
    }
    if needed == 0 { return }
    let free = try FileTree.freeBytes(store.root)
    if needed > free { throw OperationError.noSpace(needed: needed, free: free) }
  }

  private func record(_ image: Image, _ jobs: [LayerInstaller.Job]) throws -> StoredImage {
    try Self.record(
      image.config, id: image.manifest.config.digest, manifest: image.manifestDigest,
      layers: jobs.map { job in
        guard let layer = try store.layers.find(job.chain) else {
          throw ImageStoreError.damaged("layer \(job.chain)")
        }
        return (job.chain, layer)
      })
  }

  /// What an image's record says, worked out from its config and its layers.
  static func record(
    _ config: ImageConfig, id: Digest, manifest: Digest,
    layers: [(chain: Digest, layer: StoredLayer)]
  ) throws -> StoredImage {
    var size: Int64 = 0
    var visible: [Digest] = []
    for (chain, layer) in layers {
      size += layer.size
      // Nothing below an opaque layer shows.
      if layer.isOpaque { visible = [] }
      visible.append(chain)
    }
    let execution = config.config ?? ImageConfig.Execution()
    var stored = StoredImage(
      id: id, manifest: manifest,
      created: config.created.flatMap { Timestamp.parse($0) } ?? 0, size: size,
      platform: config.platform, layers: visible, execution: execution)
    stored.author = config.author
    if let healthcheck = execution.healthcheck {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      stored.healthcheck = String(decoding: try encoder.encode(healthcheck), as: UTF8.self)
    }
    return stored
  }
}
