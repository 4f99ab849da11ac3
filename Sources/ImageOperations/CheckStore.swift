import Distribution
import ImageDocuments
import ImageStore
import LayerArchive
import LinuxSystem
import Model
import OCISpec
import StateStore

/// Finds what is wrong with images and layers, and mends it: only what is bad is fetched again.
struct CheckStore {
  let store: ImageStore
  let reporter: Reporter

  func run(_ request: CheckRequest) throws -> HelperEvent.Result {
    var findings = try StoreInspection(store, request, reporter).run()
    if !findings.isEmpty {
      // Another command may have been in the middle of something: what is wrong twice is wrong.
      var again = request
      if request.depth == .files { again.depth = .blobs }
      let second = Set(
        try StoreInspection(store, again, reporter).run().map(\.problem.subject))
      findings = findings.filter { finding in
        second.contains(finding.problem.subject)
          || request.depth == .files && finding.problem.subject.hasPrefix("layer ")
      }
    }
    if request.repair { try repair(&findings, request) }
    var result = HelperEvent.Result()
    result.problems = findings.map(\.problem) + (try additionalProblems(request))
    return result
  }

  /// What is wrong in stores that are only read, for those who look after them.
  private func additionalProblems(_ request: CheckRequest) throws -> [StoreProblem] {
    try store.additional.flatMap { other in
      try StoreInspection(other, request, reporter, isForeign: true).run().map { finding in
        var problem = finding.problem
        problem.message += ", in the read-only store \(other.data)"
        problem.obstacle =
          "it is only read here; its owner mends it with: "
          + "martlet --root \(other.data) system check --repair"
        return problem
      }
    }
  }

  private func repair(_ findings: inout [StoreInspection.Finding], _ request: CheckRequest) throws {
    // Documents first: layers are made of what they say.
    for index in findings.indices.sorted(by: { rank(findings[$0]) < rank(findings[$1]) }) {
      do {
        try repair(findings[index], request)
        findings[index].problem.isRepaired = true
      } catch {
        findings[index].problem.obstacle = HelperProgram.report(of: error).message
      }
    }
    if request.discard { try discard(&findings, request) }
    let freed = try CollectGarbage(store: store, partialLifetime: request.age).run(request.users)
    _ = freed
    for index in findings.indices where findings[index].problem.isLeftover {
      findings[index].problem.isRepaired = !FileTree.exists(findings[index].problem.subject)
    }
  }

  private func rank(_ finding: StoreInspection.Finding) -> Int {
    switch finding.cause {
    // The config comes by its manifest.
    case .document(let digest): digest == finding.image ? 1 : 0
    case .layerBlob: 2
    case .layer: 3
    case .lostLayer: 4
    case .record: 5
    case .name, .nameFile, .leftover: 6
    }
  }

  private func repair(_ finding: StoreInspection.Finding, _ request: CheckRequest) throws {
    switch finding.cause {
    case .leftover: return
    case .name(let reference): try store.untag(reference)
    case .nameFile(let path): try FileTree.unlinkIfPresent(path)
    case .document(let digest): try fetchDocument(digest, of: finding.image)
    case .layerBlob(let layer): try fetch(layer, of: finding.image)
    case .layer(let job):
      try checkUnused(job.chain, request)
      try LayerInstaller(store: store, reporter: reporter).replace(
        job, from: StoredLayers(blobs: store.blobs, reporter: reporter))
    case .lostLayer(let chain):
      try checkUnused(chain, request)
      guard let image = try finding.image.flatMap({ try store.find(id: $0) }) else { return }
      try install(image.id, image.manifest)
    case .record(let id): try restoreRecord(id)
    }
  }

  private func checkUnused(_ chain: Digest, _ request: CheckRequest) throws {
    if request.mounted.contains(chain) {
      throw ErrorReport(.conflict, "a container that runs uses it: stop it, then check again")
    }
  }

  /// Names of an image that lead to a registry.
  private func origins(of image: Digest?) throws -> [ImageName] {
    try store.listNames().filter { $0.image == image && $0.reference.registry != "localhost" }
  }

  private func fetch(_ layer: BlobDescriptor, of image: Digest?) throws {
    try fromOrigins(of: image, what: "blob") { _, place, connections in
      let supply = RegistryLayers(
        store: store, reporter: reporter, places: [place], connections: connections)
      try supply.withLayer(layer) { source in while try source.next() != nil {} }
    }
  }

  private func fetchDocument(_ digest: Digest, of image: Digest?) throws {
    try fromOrigins(of: image, what: "document") { name, place, connections in
      let client = try connections.makeClient(for: place)
      let bytes: [UInt8]
      if digest == image {
        guard
          case .manifest(let manifest) = try ManifestDocument.decode(
            try store.blobs.load(name.manifest))
        else { throw ImageStoreError.damaged("manifest \(name.manifest)") }
        bytes = try client.fetchConfig(of: manifest, from: place.reference).bytes
      } else {
        bytes = try client.fetchManifest(place.reference.pinned(to: digest)).bytes
      }
      guard Hasher.digest(of: bytes, digest.algorithm) == digest else {
        throw ErrorReport(.unavailable, "the registry has something else")
      }
      try FileTree.unlinkIfPresent(store.blobs.path(digest))
      try store.blobs.write(bytes, as: digest)
    }
  }

  private func fromOrigins(
    of image: Digest?, what: String,
    _ body: (ImageName, RegistryConnections.Place, RegistryConnections) throws -> Void
  ) throws {
    var failure = ErrorReport(
      .unavailable, "the \(what) is nowhere to be had: the image has no name in a registry")
    let connections = RegistryConnections(RegistryAccess(), reporter)
    for name in try origins(of: image) {
      for place in try connections.places(for: name.reference) {
        do { return try body(name, place, connections) } catch {
          failure = HelperProgram.report(of: error)
        }
      }
    }
    throw failure
  }

  /// Makes an image's record anew from its manifest and config.
  private func restoreRecord(_ id: Digest) throws {
    let name = try store.listNames().first { $0.image == id }
    let recorded = (try? store.findOwn(id: id)).flatMap(\.?.manifest)
    guard let manifest = name?.manifest ?? recorded else {
      throw ErrorReport(.unavailable, "nothing tells its manifest")
    }
    try install(id, manifest)
  }

  private func install(_ id: Digest, _ manifestDigest: Digest) throws {
    let bytes = try store.blobs.load(manifestDigest)
    guard case .manifest(let manifest) = try ManifestDocument.decode(bytes) else {
      throw ImageStoreError.damaged("manifest \(manifestDigest)")
    }
    let configBytes = try store.blobs.load(id)
    // A damaged record would be taken for one that is there.
    try FileTree.unlinkIfPresent("\(store.root)/records/\(id.hex)")
    _ = try ImageInstaller(store: store, reporter: reporter).install(
      ImageInstaller.Image(
        manifestBytes: bytes, manifestDigest: manifestDigest, manifest: manifest,
        configBytes: configBytes, config: try ImageConfig.decode(configBytes)),
      names: [], from: StoredLayers(blobs: store.blobs, reporter: reporter))
  }

  /// Removes images that are still damaged and that no container was made from.
  private func discard(
    _ findings: inout [StoreInspection.Finding], _ request: CheckRequest
  ) throws {
    for index in findings.indices where !findings[index].problem.isRepaired {
      var bad = findings[index].image
      if case .record(let id) = findings[index].cause { bad = id }
      guard let id = bad, !findings[index].problem.isLeftover else { continue }
      if request.imagesInUse.contains(id) {
        findings[index].problem.obstacle =
          (findings[index].problem.obstacle ?? "") + "; containers use the image"
        continue
      }
      try ImageRemovals.batch(store) { try $0.discard(id) }
      findings[index].problem.message += "; the image was removed"
      findings[index].problem.obstacle = nil
      findings[index].problem.isRepaired = true
    }
  }
}
