public import ImageStore
public import Model
import OCISpec

/// Finds the image that a user names, fetching it when he wants it fetched.
public struct ResolveImage {
  private let context: EngineContext
  private let store: ImageStore

  public init(_ context: EngineContext) {
    self.context = context
    store = context.imageStore
  }

  /// What the surface shows and asks meanwhile.
  public struct Dialogue {
    /// Called with the full name right before it is fetched.
    public var starting: (ImageReference) -> Void = { _ in }
    public var events: (TransferEvent) -> Void = { _ in }
    /// Lets somebody choose among full names; nil when nobody is there to ask.
    public var choose: ([ImageReference]) throws -> ImageReference? = { _ in nil }

    public init() {}
  }

  /// The image and its full name; an image found by its ID has its first name, or the ID itself.
  ///
  /// A name without a registry is first looked for as a local build (`localhost/NAME`), then as
  /// one of docker.io, then as the only one of any registry; what is fetched is decided by
  /// registries.conf. An image that is here costs two or three small files.
  public func run(
    _ text: String, pull policy: PullPolicy = .missing, _ settings: PullSettings = PullSettings(),
    _ dialogue: Dialogue = Dialogue()
  ) throws -> (image: StoredImage, name: String) {
    if let path = ArchiveImages.path(text) {
      return try load(path, text, settings, dialogue)
    }
    let name = Self.withoutTransport(text)
    let match = try store.findMatch(name)
    if match == nil, let found = try entry(of: name, settings.platform) {
      return try take(found, policy, settings, dialogue)
    }
    let local = policy == .always ? nil : try match.flatMap { try named($0, settings.platform) }
    switch (policy, local) {
    case (.never, nil): throw ErrorReport(.notFound, "\(name): image not known")
    case (.missing, let found?), (.never, let found?): return found
    case (.newer, let found?):
      // An ID alone is nothing that a registry knows.
      guard (try? ImageReference(name)) != nil, match?.name != nil else { return found }
      // A registry that cannot be reached has nothing newer to offer.
      let known = ImageReference.isShortName(name) ? found.name : name
      return (try? fetch(known, settings, dialogue)) ?? found
    case (.always, _), (.missing, nil), (.newer, nil):
      return try fetch(name, settings, dialogue)
    }
  }

  /// The image that is here, or nil.
  public func find(_ text: String) throws -> (image: StoredImage, name: String)? {
    try store.findMatch(Self.withoutTransport(text)).flatMap { try named($0, nil) }
  }

  /// What was found with its full name; nil when it is for another platform.
  private func named(_ match: ImageStore.Match, _ platform: String?) throws -> (
    image: StoredImage, name: String
  )? {
    if let platform, match.image.platform != (try Platform(platform)) { return nil }
    if let name = match.name { return (match.image, name.reference.full) }
    let first = try store.names(of: match.image.id).first
    return (match.image, first?.reference.full ?? match.image.id.hex)
  }

  /// What a manifest list has for a platform.
  private struct Entry {
    let list: ImageReference
    let digest: Digest
    /// The image, when it is here.
    let image: StoredImage?
    /// Where it can be had when it is not.
    let source: ImageReference?
  }

  /// The entry for the platform, this machine's own if none is asked for, of the list that is
  /// called so; nil when there is none.
  private func entry(of text: String, _ wanted: String?) throws -> Entry? {
    guard let found = try ManifestListStore(store).findMatch(text) else { return nil }
    let platform = try wanted.map { try Platform($0) } ?? .host
    guard let descriptor = found.list.index.findManifest(for: platform) else {
      let offered = found.list.index.platforms.map(\.description).joined(separator: ", ")
      throw ErrorReport(
        .notFound, "manifest list \(found.reference.familiar) has no image for \(platform)",
        hint: offered.isEmpty ? nil : "it has: \(offered)")
    }
    let digest = descriptor.digest
    return Entry(
      list: found.reference, digest: digest, image: try image(of: digest),
      source: try found.list.sources["\(digest)"].map { try ImageReference($0) })
  }

  /// The image that came by this manifest, or by a list of this digest.
  private func image(of digest: Digest) throws -> StoredImage? {
    func name(_ names: [ImageName]) -> ImageName? {
      names.first { $0.manifest == digest || $0.index == digest }
    }
    if let id = name(try store.listNames())?.image, let own = try store.findOwn(id: id) {
      return own
    }
    if let own = try store.list().first(where: { $0.manifest == digest }) { return own }
    return store.listAdditional().lazy.compactMap { lender in
      let id = name(lender.names)?.image
      return lender.images.first { $0.id == id } ?? lender.images.first { $0.manifest == digest }
    }.first
  }

  private func take(
    _ entry: Entry, _ policy: PullPolicy, _ settings: PullSettings, _ dialogue: Dialogue
  ) throws -> (image: StoredImage, name: String) {
    if let image = entry.image, policy != .always || entry.source == nil {
      return (image, entry.list.full)
    }
    guard policy != .never, let source = entry.source else {
      throw ErrorReport(
        .notFound, "\(entry.digest) of manifest list \(entry.list.familiar) is not here",
        hint: entry.source.map { "fetch it with: martlet pull \($0.full)" })
    }
    return (try fetch(source, settings, dialogue).image, entry.list.full)
  }

  /// Fetches the first of the names that the text may stand for and a registry has.
  private func fetch(
    _ text: String, _ settings: PullSettings, _ dialogue: Dialogue
  ) throws -> (image: StoredImage, name: String) {
    let candidates = try NameChoice().candidates(text, ask: dialogue.choose)
    var failures: [ErrorReport] = []
    for reference in candidates {
      do {
        return try fetch(reference, settings, dialogue)
      } catch let error as ErrorReport {
        failures.append(error)
      }
    }
    if failures.count == 1 { throw noted(text, failures[0]) }
    throw noted(
      text,
      ErrorReport(
        failures.contains { $0.kind != .notFound } ? .unavailable : .notFound,
        "\(text) cannot be had from any of \(candidates.count) registries: "
          + failures.map(\.message).joined(separator: "; "), hint: failures.last?.hint))
  }

  private func noted(_ text: String, _ failure: ErrorReport) -> ErrorReport {
    context.note(image: "pull-error", id: "", name: text, failure: failure.message)
    return failure
  }

  private func fetch(
    _ reference: ImageReference, _ settings: PullSettings, _ dialogue: Dialogue
  ) throws -> (image: StoredImage, name: String) {
    dialogue.starting(reference)
    let id = try PullImage(context).run(reference, settings, events: dialogue.events)
    guard let image = try store.find(id: id) else {
      throw ErrorReport(
        .conflict, "\(reference.full) was removed by another command", hint: "try again")
    }
    return (image, reference.full)
  }

  /// Takes the first image of a file or directory.
  private func load(
    _ path: String, _ text: String, _ settings: PullSettings, _ dialogue: Dialogue
  ) throws -> (image: StoredImage, name: String) {
    let loaded = try ArchiveImages(context).load(
      path, pulled: text, platform: settings.platform, events: dialogue.events)
    guard let first = loaded.first, let image = try store.find(id: first.id) else {
      throw ErrorReport(.notFound, "\(text): there is no image in it")
    }
    return (image, first.names.first ?? first.id.hex)
  }

  /// `docker://` is what every name means anyway, and `containers-storage:` what is here.
  static func withoutTransport(_ text: String) -> String {
    for transport in ["docker://", "containers-storage:"] where text.hasPrefix(transport) {
      return String(text.dropFirst(transport.count))
    }
    return text
  }
}
