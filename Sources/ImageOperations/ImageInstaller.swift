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
    var stored: [StoredImage] = []
    try install([(image, names)], from: supply, into: &stored)
    return stored[0]
  }

  /// Installs several images, with the flushes of one.
  ///
  /// `stored` gets the images in their order; when this throws, those before the one that failed are
  /// there all the same.
  func install(
    _ images: [(image: Image, names: [ImageReference])], from supply: any LayerSupply,
    into stored: inout [StoredImage]
  ) throws {
    let leases = Leases()
    var plans: [Plan] = []
    var failure: (any Error)?
    do {
      for (image, names) in images { plans.append(try plan(image, names, leases)) }
    } catch {
      failure = error
    }
    try store.blobs.write(all: plans.flatMap(\.documents))
    var new: [StoredImage] = []
    var names: [ImageName] = []
    do {
      for plan in plans {
        let image = try plan.known ?? make(plan, from: supply)
        stored.append(image)
        if plan.known == nil { new.append(image) }
        names += self.names(plan.names, plan.image, image)
      }
    } catch {
      failure = error
    }
    try store.publish(new, known: plans.compactMap(\.known), named: names)
    if let failure { throw failure }
  }

  private struct Plan {
    var image: Image
    var names: [ImageReference]
    var jobs: [LayerInstaller.Job]
    /// The image when it is there as it should be: then there is nothing to do but name it.
    var known: StoredImage?

    /// What is to be stored beside the layers.
    var documents: [(bytes: [UInt8], digest: Digest)] {
      let indexes = image.indexes.map { ($0.bytes, $0.digest) }
      if known != nil { return indexes }
      return [
        (image.configBytes, image.manifest.config.digest),
        (image.manifestBytes, image.manifestDigest),
      ] + indexes
    }
  }

  private func plan(_ image: Image, _ names: [ImageReference], _ leases: Leases) throws -> Plan {
    try image.config.check(against: image.manifest)
    let jobs = LayerInstaller.jobs(image.manifest, image.config)
    try leases.add(
      store,
      blobs: [image.manifestDigest, image.manifest.config.digest] + image.indexes.map(\.digest)
        + image.manifest.layers.map(\.digest), layers: jobs.map(\.chain))
    let known = try findWhole(image, jobs)
    if known == nil { try checkSpace(jobs) }
    return Plan(image: image, names: names, jobs: jobs, known: known)
  }

  private func make(_ plan: Plan, from supply: any LayerSupply) throws -> StoredImage {
    for job in plan.jobs where store.layers.contains(job.chain) {
      reporter.progress(job.descriptor.digest.shortID, .exists)
    }
    let installer = LayerInstaller(store: store, reporter: reporter)
    try installer.install(plan.jobs, from: supply)
    for job in plan.jobs { try installer.pair(job, from: supply) }
    return try record(plan.image, plan.jobs)
  }

  private func findWhole(_ image: Image, _ jobs: [LayerInstaller.Job]) throws -> StoredImage? {
    let installer = LayerInstaller(store: store, reporter: reporter)
    guard let known = try store.findOwn(id: image.manifest.config.digest),
      known.manifest == image.manifestDigest,
      store.blobs.contains(image.manifest.config.digest), try jobs.allSatisfy(installer.isPaired)
    else { return nil }
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
