import FoundationEssentials
import Model
import OCISpec

/// What a registry found.
public struct SearchResult: Sendable, Equatable {
  /// Below the registry: `library/alpine`.
  public var name: String
  public var description = ""
  public var stars = 0
  public var isOfficial = false
  public var isAutomated = false

  public init(name: String) { self.name = name }
}

extension RegistryClient {
  /// Repositories whose names match, at most `limit`.
  ///
  /// Docker Hub, and others that can, search by themselves (the old `/v1/search`); of the rest the
  /// catalog is read and looked through (distribution-spec, the extension `_catalog`).
  public func search(
    _ registry: String, term: String, limit: Int
  ) throws(RegistryError) -> [SearchResult] {
    let isHub = registry == ImageReference.defaultRegistry
    if !term.isEmpty {
      let host = isHub ? "index.docker.io" : registry
      do throws(RegistryError) {
        return try searchIndex(host, term: term, limit: limit)
      } catch {
        // What is no search service answers in many ways.
        guard !isHub, Self.isWithoutSearch(error) else { throw error }
      }
    }
    return try searchCatalog(registry, term: term, limit: limit)
  }

  private static func isWithoutSearch(_ error: RegistryError) -> Bool {
    switch error {
    case .unreachable, .insecureConnection, .cancelled, .interrupted: false
    default: true
    }
  }

  private struct IndexReply: Decodable {
    struct Entry: Decodable {
      let name: String
      let description: String?
      let starCount: Int?
      let isOfficial: Bool?
      let isAutomated: Bool?

      private enum CodingKeys: String, CodingKey {
        case name, description
        case starCount = "star_count"
        case isOfficial = "is_official"
        case isAutomated = "is_automated"
      }
    }
    let results: [Entry]?
  }

  private func searchIndex(
    _ host: String, term: String, limit: Int
  ) throws(RegistryError) -> [SearchResult] {
    let query = "q=\(WebAddress.percentEncoded(term))&n=\(limit)"
    let reply = try listCall(host, "/v1/search?\(query)", nil)
    guard (try? JSONGuard.check(reply.body)) != nil,
      let document = try? JSONDecoder().decode(IndexReply.self, from: Data(reply.body))
    else { throw .badResponse(host: host, reason: "no search results") }
    return (document.results ?? []).prefix(limit).map { entry in
      var result = SearchResult(name: TerminalText.safe(entry.name))
      result.description = TerminalText.safe(entry.description ?? "")
      result.stars = entry.starCount ?? 0
      result.isOfficial = entry.isOfficial ?? false
      result.isAutomated = entry.isAutomated ?? false
      return result
    }
  }

  private struct Catalog: Decodable { let repositories: [String]? }

  private func searchCatalog(
    _ registry: String, term: String, limit: Int
  ) throws(RegistryError) -> [SearchResult] {
    var found: [SearchResult] = []
    var next: WebAddress?
    for _ in 0..<1000 {
      let reply = try listCall(registry, "/v2/_catalog?n=1000", next)
      guard (try? JSONGuard.check(reply.body)) != nil,
        let page = try? JSONDecoder().decode(Catalog.self, from: Data(reply.body))
      else { throw .badResponse(host: registry, reason: "no catalog") }
      for name in page.repositories ?? [] where term.isEmpty || name.contains(term) {
        found.append(SearchResult(name: TerminalText.safe(name)))
        if found.count >= limit { return found }
      }
      guard let following = try nextPage(reply) else { return found }
      next = following
    }
    throw .badResponse(host: registry, reason: "the catalog does not end")
  }

  private func listCall(
    _ host: String, _ path: String, _ address: WebAddress?
  ) throws(RegistryError) -> Reply {
    var call = Call(
      method: .get, registry: host, repository: "", path: path, address: address,
      scopes: path.hasPrefix("/v2") ? ["registry:catalog:*"] : [], subject: .registry)
    call.limit = Manifest.sizeLimit
    let fixed = call
    return try withRetries { () throws(Failure) in try attempt(fixed) }
  }
}
