import ImageStore
import LinuxSystem
import Model
import StateStore

/// Makes a container with another's configuration.
public struct CloneContainer {
  private let context: EngineContext
  private let store: ContainerStore

  public init(_ context: EngineContext) {
    self.context = context
    store = ContainerStore(context)
  }

  /// The new container shares named volumes with the old one and has new anonymous ones; nothing
  /// that the old one has written comes along.
  ///
  /// `name`: nil is the old name with `-clone`, and a number where that is taken.
  ///
  /// - Returns: the new container's id.
  public func run(_ id: String, name: String?, _ changes: ContainerChanges) throws -> String {
    var config = try store.load(id)
    let old = config.name
    config.id = RandomName.hexadecimal(try CurrentProcess.randomBytes(32))
    config.created = Clock.realtime()
    config.createCommand = context.commandLine
    config.lifecycle.cidFile = nil
    if config.hostname == String(id.prefix(12)) { config.hostname = String(config.id.prefix(12)) }
    for (index, mount) in config.mounts.enumerated() where mount.anonymous {
      config.mounts[index].source = RandomName.hexadecimal(try CurrentProcess.randomBytes(32))
    }
    try UpdateContainer.apply(changes, to: &config)
    let layers = (config.image?.layers ?? []).compactMap { Digest(algorithm: .sha256, hex: $0) }
    // Nobody may collect the layers before the new record names them.
    let lease = try Lease(context.imageStore, layers: layers)
    let reservation = try chooseIDs(&config)
    try Dependents(store).note(config)
    if let name {
      guard ContainerName.isValid(name) else { throw EngineError.invalidName(name) }
      config.name = name
      try store.add(config)
    } else {
      try addNumbered(&config, "\(old)-clone")
    }
    _ = consume lease
    withExtendedLifetime(reservation) {}
    context.note("create", config)
    return config.id
  }

  /// Other ids than those of the old one, where each container has its own.
  private func chooseIDs(_ config: inout ContainerConfig) throws -> AutoMapping.Reservation? {
    let images = context.imageStore
    let id = config.image.flatMap { Digest(algorithm: .sha256, hex: $0.id) }
    let image = try id.flatMap { try images.find(id: $0) }
    let reservation = try AutoMapping(context: context).reserve(
      for: &config, image: image, user: config.process.user)
    if let reservation, config.image?.mapped != nil {
      guard let image else {
        throw ErrorReport(
          .notFound, "image \(config.image?.name ?? "") of container \(config.name) is gone",
          hint: "pull it again")
      }
      config.image?.mapped = try MappedLayer(context).ensure(image, reservation.map)
    }
    return reservation
  }

  private func addNumbered(_ config: inout ContainerConfig, _ base: String) throws {
    for number in 0..<1_000 {
      config.name = number == 0 ? base : "\(base)\(number)"
      do {
        return try store.add(config)
      } catch EngineError.nameInUse where number < 999 {
        continue
      }
    }
  }
}
