import Distribution
import ImageStore
import Model

/// Looks for repositories in one registry.
struct SearchRegistry {
  let reporter: Reporter

  func run(_ request: SearchRequest) throws -> HelperEvent.Result {
    let connections = RegistryConnections(request.access, reporter)
    // Any name of the registry tells how it is reached.
    let place = try connections.destination(for: ImageReference("\(request.registry)/search/x"))
    var result = HelperEvent.Result()
    result.hits = try connections.makeClient(for: place).search(
      place.reference.registry, term: request.term, limit: request.limit
    ).map {
      SearchHit(
        name: $0.name, description: $0.description, stars: $0.stars, isOfficial: $0.isOfficial,
        isAutomated: $0.isAutomated)
    }
    return result
  }
}
