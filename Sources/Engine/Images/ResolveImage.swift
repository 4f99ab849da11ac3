public import ImageStore
public import Model

/// Finds the image that a user names, fetching it when he wants it fetched.
public struct ResolveImage {
  private let context: EngineContext
  private let store: ImageStore

  public init(_ context: EngineContext) {
    self.context = context
    store = ImageStore(data: context.dataRoot)
  }

  /// The image and its full name; an image found by its ID has its first name, or the ID itself.
  ///
  /// A name without a registry is first looked for as a local build (`localhost/NAME`), then as
  /// one of docker.io. An image that is here costs two or three small files.
  ///
  /// `starting` is called with the full name right before it is fetched.
  public func run(
    _ text: String, pull policy: PullPolicy = .missing, _ settings: PullSettings = PullSettings(),
    starting: (ImageReference) -> Void = { _ in }, events: (TransferEvent) -> Void = { _ in }
  ) throws -> (image: StoredImage, name: String) {
    let name = Self.withoutTransport(text)
    let local = policy == .always ? nil : try find(name, settings.platform)
    switch (policy, local) {
    case (.never, nil): throw ErrorReport(.notFound, "\(name): image not known")
    case (.missing, let found?), (.never, let found?): return found
    case (.newer, let found?):
      guard let reference = try? ImageReference(name), try !isIDOnly(name) else { return found }
      // A registry that cannot be reached has nothing newer to offer.
      return (try? fetch(reference, settings, starting, events)) ?? found
    case (.always, _), (.missing, nil), (.newer, nil):
      return try fetch(try ImageReference(name), settings, starting, events)
    }
  }

  /// The image that is here, or nil.
  public func find(_ text: String) throws -> (image: StoredImage, name: String)? {
    try find(Self.withoutTransport(text), nil)
  }

  private func find(_ text: String, _ platform: String?) throws -> (
    image: StoredImage, name: String
  )? {
    guard let match = try store.findMatch(text) else { return nil }
    if let platform, match.image.platform != (try Platform(platform)) { return nil }
    if let name = match.name { return (match.image, name.reference.full) }
    let first = try store.listNames().first { $0.image == match.image.id }
    return (match.image, first?.reference.full ?? match.image.id.hex)
  }

  private func isIDOnly(_ text: String) throws -> Bool {
    guard let match = try store.findMatch(text) else { return false }
    return match.name == nil
  }

  private func fetch(
    _ reference: ImageReference, _ settings: PullSettings, _ starting: (ImageReference) -> Void,
    _ events: (TransferEvent) -> Void
  ) throws -> (image: StoredImage, name: String) {
    starting(reference)
    let id = try PullImage(context).run(reference, settings, events: events)
    guard let image = try store.find(id: id) else {
      throw ErrorReport(
        .conflict, "\(reference.full) was removed by another command", hint: "try again")
    }
    return (image, reference.full)
  }

  /// `docker://` is what every name means anyway.
  static func withoutTransport(_ text: String) -> String {
    text.hasPrefix("docker://") ? String(text.dropFirst(9)) : text
  }
}
