import Distribution
import ImageStore
import Model

/// Lists what a repository has.
struct ListTags {
  let reporter: Reporter

  func run(_ request: TagsRequest) throws -> HelperEvent.Result {
    let reference = try ImageReference(request.reference)
    let connections = RegistryConnections(request.access, reporter)
    // A mirror may have only some of them.
    let place = try connections.destination(for: reference)
    var result = HelperEvent.Result()
    result.tags = try connections.makeClient(for: place).tags(of: place.reference)
    return result
  }
}
