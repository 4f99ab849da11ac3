import ImageStore
import Model
import OCISpec
import UserNamespaces

extension CreateContainer {
  /// Decides which ids the container has.
  ///
  /// - Returns: what keeps them from others until there is a container that says so.
  func fillUserns(_ config: inout ContainerConfig, _ request: ContainerRequest) throws
    -> AutoMapping.Reservation?
  {
    config.namespaces.user = request.userns
    if let given = try MappingOptions(users: request.userMaps, groups: request.groupMaps) {
      guard request.userns.isEmpty else {
        throw ErrorReport(
          .invalidRequest, "--userns and --uidmap or --gidmap cannot be used together")
      }
      var outer: IDMapping?
      if case .map(let map) = try context.namespacePlan() { outer = map }
      guard let outer = outer ?? IDMapping.own() else {
        throw ErrorReport(.unavailable, "the id map of this process cannot be read")
      }
      config.namespaces.user = "private"
      config.namespaces.record(try given.resolve(in: outer))
      return nil
    }
    return try AutoMapping(context: context).reserve(
      for: &config, image: request.image,
      user: request.user ?? request.image?.execution.user ?? "")
  }
}

extension AutoMapping {
  /// Ids for a container that is to have its own; nil for any other.
  func reserve(for config: inout ContainerConfig, image: StoredImage?, user: String) throws
    -> Reservation?
  {
    guard case .auto(let options) = try UsernsChoice.parse(config.namespaces.user) else {
      return nil
    }
    let reservation = try reserve(options, id: config.id, image: image, user: user)
    config.namespaces.record(reservation.map)
    return reservation
  }
}
