import LinuxSystem
import Model
import Networking
import StateStore
import UserNamespaces

/// Works out from what was asked for how a container is connected.
struct NetworkSetup {
  let network: ContainerNetwork
  let context: EngineContext

  init(_ network: ContainerNetwork, context: EngineContext) {
    self.network = network
    self.context = context
  }

  private func find(_ program: String) -> String? {
    Program.find(program, in: Program.systemDirectories)
  }

  /// For a start: another container's namespace must be there.
  func plan() throws -> NetworkPlan {
    let ports = try storedPorts()
    let mode = try NetworkMode(network.mode).resolved(find: find)
    let kind: NetworkPlan.Kind
    switch mode {
    case .host: kind = .host
    case .none: kind = .none
    case .container(let name): kind = try container(name)
    case .path(let path):
      guard FileTree.exists(path) else {
        throw ErrorReport(.notFound, "network namespace \(path) does not exist")
      }
      kind = .joined(path: path, filesOf: nil)
    case .pasta(let options): kind = .pasta(try pasta(options, ports))
    case .slirp(let options): kind = .slirp(try slirp(options, ports))
    case .automatic: throw NetworkError.noProgram
    }
    return NetworkPlan(
      kind: kind, network: network, ports: ports, isMachineRoot: isMachineRoot,
      userName: context.userName, runtimeDirectory: context.directories.runtime)
  }

  private var isMachineRoot: Bool { context.uid == 0 && UserDirectories.isInitialNamespace() }

  private func storedPorts() throws -> [PortMapping] {
    try network.ports.map { text in
      guard let port = PortMapping(canonical: text) else {
        throw ErrorReport(.unavailable, "the configuration holds a damaged port mapping: \(text)")
      }
      return port
    }
  }

  private func pasta(_ options: [String], _ ports: [PortMapping]) throws -> PastaDriver {
    guard let program = find("pasta") else {
      throw NetworkError.programMissing("pasta", package: "passt")
    }
    let features = try PastaFeatures.load(
      program: program, cache: RecordStore("\(context.directories.runtime)/cache"))
    return PastaDriver(program: program, features: features, options: options, ports: ports)
  }

  private func slirp(_ options: SlirpOptions, _ ports: [PortMapping]) throws -> SlirpDriver {
    guard let program = find("slirp4netns") else {
      throw NetworkError.programMissing("slirp4netns", package: "slirp4netns")
    }
    return try SlirpDriver(program: program, options: options, ports: ports)
  }

  private func container(_ name: String) throws -> NetworkPlan.Kind {
    let store = ContainerStore(context)
    let id = try store.resolve(name)
    guard let pid = try StatusReader(store).read(id).pid else {
      throw ErrorReport(
        .conflict, "cannot join the network of container \(name): it is not running",
        hint: "start it first: martlet start \(name)")
    }
    if try NetworkMode(store.load(id).network.mode) == .host { return .host }
    return .joined(path: "/proc/\(pid)/ns/net", filesOf: "\(store.liveDirectory(id))/etc")
  }

  /// The user namespace for the container's processes: another container's network can only be
  /// joined from the user namespace that container lives in.
  func namespacePlan() throws -> UserNamespacePlan {
    let own = try context.namespacePlan()
    guard case .container(let name) = try NetworkMode(network.mode), case .map(let mapping) = own
    else { return own }
    let store = ContainerStore(context)
    let live = try RecordStore(store.liveDirectory(store.resolve(name))).find("state")
    guard let monitor = live?.integer("monitor").flatMap({ Int32(exactly: $0) }), monitor > 0,
      FileTree.exists("/proc/\(monitor)/ns/user")
    else {
      throw ErrorReport(
        .conflict, "cannot join the network of container \(name): it is not running",
        hint: "start it first: martlet start \(name)")
    }
    return .join(pid: monitor, mapping)
  }

  /// Port mappings as they are kept: host ports chosen where none was given.
  static func resolvePorts(_ texts: [String], mode: String = "") throws -> [String] {
    // Read first, so that mistakes show in every mode.
    let ports = try PortAllocation.resolve(texts)
    let mode = try NetworkMode(mode)
    return mode.ignoresPorts ? [] : ports.map(\.description)
  }

  /// Refuses what could not be set up at the start.
  func validate() throws {
    let mode = try NetworkMode(network.mode).resolved(find: find)
    let ports = try storedPorts()
    switch mode {
    case .container(let name):
      _ = try ContainerStore(context).resolve(name)
      if !ports.isEmpty { throw NetworkError.portsRefused(network.mode) }
    case .path:
      if !ports.isEmpty { throw NetworkError.portsRefused(network.mode) }
    case .slirp(let options): _ = try slirp(options, ports)
    default: break
    }
    if mode.isPrivate {
      try PortAllocation.checkPrivileges(ports, isMachineRoot: isMachineRoot)
    }
    _ = try NetworkPlan.wishes(network)
    _ = try NetworkPlan.addedHosts(network)
  }
}
