import Distribution
import ImageDocuments
import ImageStore
import LayerArchive
import LinuxSystem
import Model
import OCISpec
import StateStore

/// Makes, changes, shows and pushes manifest lists.
struct ChangeList {
  let store: ImageStore
  let reporter: Reporter

  private var lists: ManifestListStore { ManifestListStore(store) }

  func run(_ request: ListRequest) throws -> HelperEvent.Result {
    switch request.action {
    case .inspect: return try inspect(request)
    case .push: return try PushList(store: store, reporter: reporter).run(request)
    case .create, .add, .annotate, .remove: return try change(request)
    }
  }

  private func change(_ request: ListRequest) throws -> HelperEvent.Result {
    let name = try ImageReference(request.list)
    let lock = try ObjectLock.acquire(lists.lockPath(name))
    var list = try lists.find(name)
    if request.action == .create {
      if list != nil, !request.amends {
        throw ErrorReport(
          .conflict, "manifest list \(name.full) exists already",
          hint: "add to it with --amend, or remove it with: martlet manifest rm \(name.familiar)")
      }
      list = list ?? ManifestList()
    }
    guard var list else { throw ManifestList.notFound(name.full) }
    let leases = Leases()
    switch request.action {
    case .add where request.artifact != nil: try addArtifact(to: &list, request, leases)
    case .create, .add:
      for image in request.images { try add(image, to: &list, request) }
      if request.action == .create || request.entry.isIndex {
        list.index.annotations = try annotations(list.index.annotations, request.entry)
      }
    case .annotate: try annotate(&list, request)
    case .remove:
      for image in request.images {
        let digest = try entry(image, of: list).digest
        list.index.manifests.removeAll { $0.digest == digest }
        list.sources["\(digest)"] = nil
      }
    case .inspect, .push: break
    }
    list.index.mediaType = list.index.plainestFormat.indexType
    var result = HelperEvent.Result()
    result.digest = Hasher.digest(of: list.index.encoded())
    list.digest = result.digest
    list.created = list.created ?? Clock.realtime()
    try lists.write(list, as: name)
    withExtendedLifetime(leases) {}
    _ = lock.descriptor
    return result
  }

  // MARK: Entries

  private func add(_ text: String, to list: inout ManifestList, _ request: ListRequest) throws {
    for found in try ListEntries(store: store, reporter: reporter, request: request).find(text) {
      var descriptor = found.descriptor
      if !request.entry.isIndex { try apply(request.entry, to: &descriptor) }
      list.index.manifests.removeAll { $0.digest == descriptor.digest }
      list.index.manifests.append(descriptor)
      list.sources["\(descriptor.digest)"] = found.source
    }
  }

  private func addArtifact(
    to list: inout ManifestList, _ request: ListRequest, _ leases: Leases
  ) throws {
    guard let artifact = request.artifact else { throw OperationError.badRequest("no artifact") }
    let subject = try artifact.subject.map { try self.subject($0, request) }
    var descriptor = try MakeArtifact(store: store, staging: try Staging(store)).run(
      request.images, artifact, subject: subject, leases)
    try apply(request.entry, to: &descriptor)
    list.index.manifests.removeAll { $0.digest == descriptor.digest }
    list.index.manifests.append(descriptor)
  }

  /// What a manifest or a list is about: an image or list that is here, or a registry's.
  private func subject(_ text: String, _ request: ListRequest) throws -> BlobDescriptor {
    if !text.hasPrefix("docker://"), let index = try lists.findMatch(text)?.list.index {
      let bytes = index.encoded()
      return BlobDescriptor(
        mediaType: index.mediaType ?? .ociIndex, digest: Hasher.digest(of: bytes),
        size: Int64(bytes.count))
    }
    return try ListEntries(store: store, reporter: reporter, request: request).subject(text)
  }

  private func annotate(_ list: inout ManifestList, _ request: ListRequest) throws {
    if let subject = request.subject {
      list.index.subject = try self.subject(subject, request)
    }
    if request.entry.isIndex {
      list.index.annotations = try annotations(list.index.annotations, request.entry)
    }
    if request.images.isEmpty { return }
    guard let image = request.images.first else { throw OperationError.badRequest("no entry") }
    let digest = try entry(image, of: list).digest
    for index in list.index.manifests.indices where list.index.manifests[index].digest == digest {
      try apply(request.entry, to: &list.index.manifests[index])
    }
  }

  /// The entry that a digest, or an image that is here, stands for.
  private func entry(_ text: String, of list: ManifestList) throws -> BlobDescriptor {
    let digest =
      (try? Digest(text)) ?? (try? ImageReference(text))?.digest
      ?? (try? store.findMatch(text)).flatMap { $0.map { $0.name?.manifest ?? $0.image.manifest } }
    guard let digest, let entry = list.index.manifests.first(where: { $0.digest == digest }) else {
      throw ErrorReport(
        .notFound, "\(text) is not in the list",
        hint: "name the entry by its digest as martlet manifest inspect shows it")
    }
    return entry
  }

  private func apply(
    _ entry: ListRequest.Entry, to descriptor: inout BlobDescriptor
  ) throws {
    if entry.os != nil || entry.architecture != nil || entry.variant != nil {
      let old = descriptor.platform ?? .host
      let isSame = entry.architecture == nil || entry.architecture == old.architecture
      descriptor.platform = Platform(
        os: entry.os ?? old.os, architecture: entry.architecture ?? old.architecture,
        variant: entry.variant ?? (isSame ? old.variant : nil))
    }
    if entry.osVersion != nil || !entry.osFeatures.isEmpty || !entry.features.isEmpty {
      descriptor.platform = descriptor.platform ?? .host
      descriptor.osVersion = entry.osVersion ?? descriptor.osVersion
      if !entry.osFeatures.isEmpty { descriptor.osFeatures = entry.osFeatures }
      if !entry.features.isEmpty { descriptor.features = entry.features }
    }
    if !entry.isIndex {
      descriptor.annotations = try annotations(descriptor.annotations, entry)
    }
  }

  private func annotations(
    _ old: [String: String]?, _ entry: ListRequest.Entry
  ) throws -> [String: String]? {
    var result = old ?? [:]
    for text in entry.annotations {
      guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
        throw ErrorReport(
          .invalidRequest, "annotation \(text.debugDescription) has no value",
          hint: "write --annotation KEY=VALUE")
      }
      result[String(text[..<equals])] = String(text[text.index(after: equals)...])
    }
    return result.isEmpty ? nil : result
  }

  // MARK: Showing

  /// The list that is here, or what a registry has under the name.
  private func inspect(_ request: ListRequest) throws -> HelperEvent.Result {
    var result = HelperEvent.Result()
    if !request.list.hasPrefix("docker://"), let found = try lists.findMatch(request.list) {
      result.document = String(decoding: found.list.index.encoded(), as: UTF8.self)
      result.digest = found.list.digest
      return result
    }
    let text =
      request.list.hasPrefix("docker://") ? String(request.list.dropFirst(9)) : request.list
    let connections = RegistryConnections(request.access, reporter)
    let place = try connections.destination(for: try ImageReference(text))
    do {
      let fetched = try connections.makeClient(for: place).fetchManifest(place.reference)
      result.document = String(decoding: fetched.bytes, as: UTF8.self)
      result.digest = fetched.descriptor.digest
      return result
    } catch {
      let report = HelperProgram.report(of: error)
      throw ErrorReport(
        report.kind, "reading image \"docker://\(place.reference.full)\": \(report.message)",
        hint: report.hint)
    }
  }
}
