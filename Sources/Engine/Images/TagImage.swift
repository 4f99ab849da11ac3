import ImageStore
public import Model

/// Gives images names and takes them away.
public struct TagImage {
  private let context: EngineContext
  private let store: ImageStore

  public init(_ context: EngineContext) {
    self.context = context
    store = context.imageStore
  }

  public func tag(_ image: String, _ names: [String]) throws {
    let text = ResolveImage.withoutTransport(image)
    guard let found = try store.find(text) else {
      guard let list = try ManifestListStore(store).findMatch(text)?.list else {
        throw ErrorReport(.notFound, "\(image): image not known")
      }
      for reference in try names.map(Self.newName) {
        try ManifestListStore(store).tag(list, reference)
      }
      return
    }
    // All are checked before the first one changes anything.
    let references = try names.map(Self.newName)
    try store.tag(found, references)
    // As the user called them, as podman's event has it.
    for name in names { context.note(image: "tag", id: found.id.hex, name: name) }
  }

  /// Takes these names away, or all names when none are given; the image stays.
  public func untag(_ image: String, _ names: [String]) throws {
    guard let found = try store.find(image) else {
      throw ErrorReport(.notFound, "\(image): image not known")
    }
    guard try store.findOwn(id: found.id) != nil else {
      throw AdditionalStore.refusal(image, store)
    }
    if names.isEmpty {
      return try untag(
        found, try store.listNames().filter { $0.image == found.id }.map(\.reference))
    }
    let references = try names.compactMap { text -> ImageReference? in
      guard let match = try store.findMatch(text), match.image.id == found.id,
        let name = match.name
      else {
        throw ErrorReport(
          .notFound, "\(text): tag not known", hint: "its names are in: martlet images \(image)")
      }
      // A tag with a digest is not the tag: there is no name of that kind to take away.
      return text.contains("@") && name.reference.digest == nil ? nil : name.reference
    }
    try untag(found, references)
  }

  private func untag(_ image: StoredImage, _ references: [ImageReference]) throws {
    try ImageRemovals.batch(store) { removals in
      for reference in references {
        try removals.untag(reference, from: image.id)
        context.note(image: "untag", id: image.id.hex, name: reference.full)
      }
    }
  }

  /// A name that the user makes up: without a registry it is local.
  public static func newName(_ text: String) throws -> ImageReference {
    let reference = try ImageReference(
      ImageReference.isShortName(text) ? "localhost/\(text)" : text)
    guard reference.digest == nil else {
      throw ErrorReport(
        .invalidRequest, "\(text): a new name cannot have a digest",
        hint: "leave out @ and the rest")
    }
    return reference
  }
}
