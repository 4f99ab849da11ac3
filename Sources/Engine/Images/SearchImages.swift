public import ImageStore
import Model
import RegistryConfig

/// Looks for repositories in registries.
public struct SearchImages {
  /// A repository with the registry it is in.
  public struct Found: Equatable, Sendable {
    public var registry: String
    public var hit: SearchHit

    /// The full name, as `pull` takes it.
    public var name: String {
      let isBare = registry == ImageReference.defaultRegistry && !hit.name.contains("/")
      return "\(registry)/\(isBare ? "library/" : "")\(hit.name)"
    }
  }

  private let context: EngineContext

  public init(_ context: EngineContext) { self.context = context }

  /// Searches the registry that the text names, or all that registries.conf says.
  ///
  /// One registry that cannot be searched fails only when there is no other; `warn` is told.
  public func run(
    _ text: String, limit: Int, _ access: RegistryAccess, warn: (any Error) -> Void
  ) throws -> [Found] {
    let (registries, term) = try Self.places(text)
    var found: [Found] = []
    for registry in registries {
      let request = SearchRequest(registry: registry, term: term, limit: limit, access: access)
      do {
        let hits = try HelperClient(context).run(.search(request)).hits ?? []
        found += hits.map { Found(registry: registry, hit: $0) }
      } catch {
        guard registries.count > 1 else { throw error }
        warn(error)
      }
    }
    return found
  }

  private static func places(_ text: String) throws -> (registries: [String], term: String) {
    if let slash = text.firstIndex(of: "/") {
      let host = String(text[..<slash])
      if !ImageReference.isShortName("\(host)/x") {
        return ([host], String(text[text.index(after: slash)...]))
      }
    }
    let configured = try ConfigFiles.current.registries().searchRegistries ?? []
    return (configured.isEmpty ? [ImageReference.defaultRegistry] : configured, text)
  }
}
