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
    let (users, groups) = try maps(request)
    if let given = try MappingOptions(users: users, groups: groups) {
      guard request.userns.isEmpty else {
        throw ErrorReport(
          .invalidRequest,
          "--userns cannot be used together with --uidmap, --gidmap, --subuidname or --subgidname")
      }
      guard let outer = try context.idMapping() ?? IDMapping.own() else {
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

  /// The maps that are asked for, as `MappingOptions` reads them.
  private func maps(_ request: ContainerRequest) throws -> (users: [String], groups: [String]) {
    guard let user = request.subordinateUser ?? request.subordinateGroup else {
      return (request.userMaps, request.groupMaps)
    }
    let group = request.subordinateGroup ?? user
    guard request.userMaps.isEmpty, request.groupMaps.isEmpty else {
      throw ErrorReport(
        .invalidRequest,
        "--uidmap and --gidmap cannot be used together with --subuidname or --subgidname")
    }
    let ranges = try context.subordinateRanges(of: user)
    if ranges.users.isEmpty { throw Self.noRanges(user, "/etc/subuid") }
    let groups = group == user ? ranges.groups : try context.subordinateRanges(of: group).groups
    if groups.isEmpty { throw Self.noRanges(group, "/etc/subgid") }
    return (Self.maps(of: ranges.users), Self.maps(of: groups))
  }

  private static func noRanges(_ name: String, _ file: String) -> ErrorReport {
    ErrorReport(
      .notFound, "\(file) has no subordinate ids for \(name)",
      hint: "use a name that is there, or choose the ids with --uidmap and --gidmap")
  }

  /// Ids of the machine, in a row from 0 on inside.
  static func maps(of ranges: [SubordinateRange]) -> [String] {
    var inside: UInt64 = 0
    return ranges.map { range in
      defer { inside += UInt64(range.count) }
      return "\(inside):@\(range.start):\(range.count)"
    }
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
