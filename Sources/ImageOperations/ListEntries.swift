import Distribution
import ImageDocuments
import ImageStore
import LayerArchive
import Model
import OCISpec

/// Finds what is to be added to a manifest list: an image that is here, or a registry's.
struct ListEntries {
  let store: ImageStore
  let reporter: Reporter
  let request: ListRequest

  struct Found {
    var descriptor: BlobDescriptor
    /// A full name by digest, for what is not here.
    var source: String?
  }

  private static let localPrefix = "containers-storage:"

  func find(_ text: String) throws -> [Found] {
    if text.hasPrefix("docker://") { return try remote(String(text.dropFirst(9))) }
    let isLocal = text.hasPrefix(Self.localPrefix)
    let name = isLocal ? String(text.dropFirst(Self.localPrefix.count)) : text
    if let list = try ManifestListStore(store).find(named: name)?.list {
      return list.index.manifests.map { entry in
        Found(descriptor: entry, source: list.sources["\(entry.digest)"])
      }
    }
    if let match = try store.findMatch(name) {
      return [try local(match.name?.manifest ?? match.image.manifest, match.image.platform)]
    }
    guard !isLocal else { throw ImageStoreError.notFound(name) }
    return try remote(name)
  }

  /// The manifest or index of an image that is here, or else of a registry's, as a whole.
  func subject(_ text: String) throws -> BlobDescriptor {
    let isRemote = text.hasPrefix("docker://")
    let name = isRemote ? String(text.dropFirst(9)) : text
    if !isRemote, let match = try store.findMatch(name) {
      var found = try local(match.name?.manifest ?? match.image.manifest, match.image.platform)
      found.descriptor.platform = nil
      return found.descriptor
    }
    let connections = RegistryConnections(request.access, reporter)
    let place = try connections.destination(for: try ImageReference(name))
    return try connections.makeClient(for: place).fetchManifest(place.reference).descriptor
  }

  private func local(_ digest: Digest, _ platform: Platform) throws -> Found {
    let bytes = try store.blobs.load(digest)
    guard case .manifest(let manifest) = try ManifestDocument.decode(bytes) else {
      throw ImageStoreError.damaged("manifest \(digest)")
    }
    return Found(
      descriptor: BlobDescriptor(
        mediaType: manifest.format.manifestType, digest: digest, size: Int64(bytes.count),
        platform: platform), source: nil)
  }

  private func remote(_ text: String) throws -> [Found] {
    let reference = try ImageReference(text)
    let connections = RegistryConnections(request.access, reporter)
    let place = try connections.destination(for: reference)
    let client = try connections.makeClient(for: place)
    let fetched = try client.fetchManifest(place.reference)
    switch fetched.document {
    case .manifest(let manifest):
      try store.blobs.write(fetched.bytes, as: fetched.descriptor.digest)
      var descriptor = fetched.descriptor
      if manifest.config.mediaType.isConfig {
        descriptor.platform = try client.fetchConfig(of: manifest, from: place.reference).config
          .platform
      }
      return [Found(descriptor: descriptor, source: reference.pinned(to: descriptor.digest).full)]
    case .index(let index):
      let wanted = try entries(of: index)
      for entry in wanted {
        let manifest = try client.fetchManifest(place.reference.pinned(to: entry.digest))
        try store.blobs.write(manifest.bytes, as: entry.digest)
      }
      return wanted.map { Found(descriptor: $0, source: reference.pinned(to: $0.digest).full) }
    }
  }

  private func entries(of index: ImageIndex) throws -> [BlobDescriptor] {
    if request.all { return index.manifests }
    var platform = Platform.host
    if request.entry.os != nil || request.entry.architecture != nil {
      platform = Platform(
        os: request.entry.os ?? platform.os,
        architecture: request.entry.architecture ?? platform.architecture,
        variant: request.entry.variant)
    }
    guard let entry = index.findManifest(for: platform) else {
      throw RegistryError.platformNotFound(wanted: platform, available: index.platforms)
    }
    return [entry]
  }
}
