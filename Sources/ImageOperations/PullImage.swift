import Distribution
import ImageDocuments
import ImageStore
import LayerArchive
import LinuxSystem
import Model
import OCISpec

/// Gets an image from a registry.
struct PullImage {
  let store: ImageStore
  let reporter: Reporter

  func run(_ request: PullRequest) throws -> HelperEvent.Result {
    let reference = try ImageReference(request.reference)
    let platform = try request.platform.map { try Platform($0) } ?? .host
    let connections = RegistryConnections(request.access, reporter)
    let found = try find(reference, platform, connections)
    let resolved = found.image
    try resolved.manifest.checkRunnable()
    try checkTrust(reference, found, connections)
    let (config, configBytes) = try loadConfig(resolved.manifest, found, connections)
    let name = reference.digest.map { reference.pinned(to: $0) } ?? reference
    let stored = try ImageInstaller(store: store, reporter: reporter).install(
      ImageInstaller.Image(
        manifestBytes: resolved.fetched.bytes, manifestDigest: resolved.fetched.descriptor.digest,
        manifest: resolved.manifest, configBytes: configBytes, config: config,
        indexes: resolved.indexes.map { ($0.descriptor.digest, $0.bytes) }),
      names: [name],
      from: RegistryLayers(
        store: store, reporter: reporter, places: found.places, connections: connections))
    return HelperEvent.Result(images: [
      HelperEvent.Result.Image(id: stored.id, names: [name.full])
    ])
  }

  private func checkTrust(
    _ reference: ImageReference, _ found: Found, _ connections: RegistryConnections
  ) throws {
    guard let place = found.places.first else { return }
    try SignatureCheck(store).check(
      reference, found.image.fetched.descriptor.digest, connections.makeClient(for: place),
      at: place.reference)
  }

  private struct Found {
    var image: ResolvedImage
    /// Where its blobs are: the place that had the manifest, then those behind it.
    var places: [RegistryConnections.Place]
  }

  /// Asks one place after the other; what the last one says is what failed.
  private func find(
    _ reference: ImageReference, _ platform: Platform, _ connections: RegistryConnections
  ) throws -> Found {
    var places = try connections.places(for: reference)[...]
    while let place = places.first {
      do {
        let client = try connections.makeClient(for: place)
        let image = try client.resolve(place.reference, platform: platform)
        return Found(image: image, places: Array(places))
      } catch {
        places.removeFirst()
        guard !places.isEmpty else { throw error }
        warn(place, error)
      }
    }
    throw OperationError.badRequest("\(reference.full) has no registry")
  }

  private func warn(_ place: RegistryConnections.Place, _ error: any Error) {
    reporter.warn("mirror \(place.reference.name): \(HelperProgram.report(of: error).message)")
  }

  private func loadConfig(
    _ manifest: Manifest, _ found: Found, _ connections: RegistryConnections
  ) throws -> (ImageConfig, [UInt8]) {
    let digest = manifest.config.digest
    if store.blobs.contains(digest) {
      let bytes = try store.blobs.load(digest)
      // A damaged one is fetched again and replaced.
      if Hasher.digest(of: bytes, digest.algorithm) == digest {
        return (try ImageConfig.decode(bytes), bytes)
      }
      try FileTree.unlinkIfPresent(store.blobs.path(digest))
    }
    var places = found.places[...]
    while let place = places.popFirst() {
      do {
        let client = try connections.makeClient(for: place)
        return try client.fetchConfig(of: manifest, from: place.reference)
      } catch {
        guard !places.isEmpty else { throw error }
        warn(place, error)
      }
    }
    throw OperationError.badRequest("no place to fetch from")
  }
}
