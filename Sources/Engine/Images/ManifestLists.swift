public import ImageStore
public import Model

/// Lists of images for several platforms: made and changed here, pushed to registries.
public struct ManifestLists {
  private let context: EngineContext
  private var store: ManifestListStore { ManifestListStore(context.imageStore) }

  public init(_ context: EngineContext) { self.context = context }

  /// Makes an empty list; a name without a registry becomes a local one.
  ///
  /// - Returns: the digest of the list as it is now.
  public func create(_ name: String, _ prepare: (inout ListRequest) -> Void) throws -> Digest {
    var request = ListRequest(.create, list: try TagImage.newName(name).full)
    prepare(&request)
    return try digest(request)
  }

  /// Adds to, annotates or shortens a list that is here.
  ///
  /// - Returns: the digest of the list as it is now.
  public func change(
    _ name: String, _ action: ListRequest.Action, _ prepare: (inout ListRequest) -> Void
  ) throws -> Digest {
    guard let own = try store.findOwnMatch(name) else { throw missing(name) }
    var request = ListRequest(action, list: own.reference.full)
    prepare(&request)
    return try digest(request)
  }

  /// The list that is here, or what a registry has under that name, as JSON.
  public func inspect(_ name: String, _ access: RegistryAccess) throws -> String {
    let request = ListRequest(.inspect, list: name, access: access)
    return try HelperClient(context).run(.list(request)).document ?? ""
  }

  /// - Returns: the digest that the registry knows the list by.
  public func push(
    _ name: String, events: (TransferEvent) -> Void = { _ in },
    _ prepare: (inout ListRequest) -> Void
  ) throws -> Digest? {
    var request = ListRequest(.push, list: try reference(name).full)
    prepare(&request)
    return try HelperClient(context).run(.list(request), events: events).digest
  }

  public func exists(_ name: String) throws -> Bool { try store.findMatch(name) != nil }

  /// Removes a list; its images stay.
  ///
  /// - Returns: its full name.
  public func remove(_ name: String) throws -> ImageReference {
    guard let reference = try store.findOwnMatch(name)?.reference, try store.remove(reference)
    else { throw missing(name) }
    return reference
  }

  private func digest(_ request: ListRequest) throws -> Digest {
    guard let digest = try HelperClient(context).run(.list(request)).digest else {
      throw ErrorReport(.bug, "changing \(request.list) gave no digest")
    }
    return digest
  }

  /// The full name of a list that is here.
  public func reference(_ name: String) throws -> ImageReference {
    guard let found = try store.findMatch(name) else { throw ManifestList.notFound(name) }
    return found.reference
  }

  private func missing(_ name: String) -> ErrorReport {
    AdditionalStore.refusal(ifLent: name, context.imageStore) ?? ManifestList.notFound(name)
  }
}
