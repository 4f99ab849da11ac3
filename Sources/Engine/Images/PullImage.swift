public import ImageStore
public import Model

/// When an image is fetched although it may be here (`--pull`, `--policy`).
public enum PullPolicy: String, CaseIterable, Sendable {
  case always, missing, never, newer

  /// As the command line spells it; docker's and podman's older words as well.
  public init?(option text: String) {
    switch text {
    case "true", "ifnotpresent": self = text == "true" ? .always : .missing
    case "false": self = .missing
    default: self.init(rawValue: text)
    }
  }
}

/// What to pull, and how to talk to the registry.
public struct PullSettings: Sendable {
  /// `os/arch[/variant]`; nil is this machine's.
  public var platform: String?
  public var access = RegistryAccess()

  public init() {}
}

/// Fetches an image from its registry into the store.
public struct PullImage {
  private let context: EngineContext

  public init(_ context: EngineContext) { self.context = context }

  /// The image's id.
  public func run(
    _ reference: ImageReference, _ settings: PullSettings = PullSettings(),
    events: (TransferEvent) -> Void = { _ in }
  ) throws -> Digest {
    if let platform = settings.platform { _ = try Platform(platform) }
    let request = PullRequest(
      reference: reference.full, platform: settings.platform, access: settings.access)
    let result = try HelperClient(context).run(.pull(request), events: events)
    guard let image = result.images.first else {
      throw ErrorReport(.bug, "pulling \(reference.full) gave no image")
    }
    context.note(image: "pull", id: image.id.hex, name: reference.full)
    return image.id
  }
}
