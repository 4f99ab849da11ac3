public import ImageStore
public import Model

/// Lists the tags of a repository as its registry has them.
public struct ListTags {
  private let context: EngineContext

  public init(_ context: EngineContext) { self.context = context }

  /// In the registry's order.
  public func run(_ reference: ImageReference, _ access: RegistryAccess) throws -> [String] {
    let request = TagsRequest(reference: reference.full, access: access)
    return try HelperClient(context).run(.tags(request)).tags ?? []
  }

  /// The tags of the repository that a name without a tag stands for, each as a full name.
  public func names(_ text: String, _ access: RegistryAccess) throws -> [ImageReference] {
    let name = ResolveImage.withoutTransport(text)
    let last = name.lastIndex(of: "/").map { name[name.index(after: $0)...] } ?? name[...]
    guard !last.contains(":"), !last.contains("@") else {
      throw ErrorReport(
        .invalidRequest, "\(text) has a tag or digest, but all tags are wanted",
        hint: "leave out the tag")
    }
    let candidates = try NameChoice().candidates(name, ask: { _ in nil })
    var failure: (any Error)?
    for reference in candidates {
      do {
        return try run(reference, access).map { try reference.tagged($0) }
      } catch {
        failure = failure ?? error
      }
    }
    throw failure ?? ErrorReport(.notFound, "\(text) is in no registry")
  }
}
