import LinuxSystem
public import Model

/// Everything that follows from a container's network mode.
public struct NetworkPlan: Equatable, Sendable {
  public enum Namespace: Equatable, Sendable {
    /// A new one, made for this container.
    case own
    case host
    case container(String)
    case path(String)
  }

  /// The mode that was chosen: `automatic` has become pasta or slirp4netns.
  public let mode: NetworkMode
  public let namespace: Namespace
  public let helper: NetworkHelperOrder?
  /// With every host port chosen.
  public let ports: [PortMapping]
  /// What the container calls its own address; nil when it has none of its own.
  public let ownAddress: IPAddress?
  /// What reaches the host from inside; nil when nothing does.
  public let hostAddress: IPAddress?
  /// The name server that the helper passes on to the host's.
  public let forwarder: IPAddress?

  /// Decides what `mode` needs.
  ///
  /// Looks for programs and binds ports, changes nothing.
  public init(
    _ mode: NetworkMode, ports asked: [PortMapping], context: HelperContext
  ) throws(NetworkingError) {
    let mode = Self.settle(mode, context)
    self.mode = mode
    namespace =
      switch mode {
      case .host: .host
      case .container(let name): .container(name)
      case .namespace(let path): .path(path)
      default: .own
      }
    switch mode {
    case .pasta(let options):
      let driver = try PastaDriver(in: context.programDirectories)
      ports = try HostPorts.resolve(asked)
      helper = try driver.order(context, ports: ports, options: options)
      ownAddress = NetworkInterfaces.hostAddress().flatMap { IPAddress(bytes: $0) }
      hostAddress = driver.mapsHost ? IPAddress(PastaDriver.hostAlias) : nil
      forwarder = IPAddress(PastaDriver.resolver)
    case .slirp4netns(let options):
      let driver = try SlirpDriver(in: context.programDirectories)
      let parsed = try SlirpDriver.Options(parsing: options)
      ports = try HostPorts.resolve(asked)
      helper = try driver.order(context, ports: ports, options: parsed)
      ownAddress = IPAddress(SlirpDriver.address)
      hostAddress = IPAddress(SlirpDriver.gateway)
      forwarder = IPAddress(SlirpDriver.resolver)
    default:
      // With the host's network -p has nothing to do; elsewhere it cannot work.
      if !asked.isEmpty && mode != .host { throw .portsNeedPrivateNetwork(mode: mode.name) }
      ports = []
      helper = nil
      ownAddress = nil
      hostAddress = mode == .host ? IPAddress("127.0.0.1") : nil
      forwarder = nil
    }
  }

  /// pasta where it is installed, slirp4netns otherwise; with neither, pasta is asked for.
  private static func settle(_ mode: NetworkMode, _ context: HelperContext) -> NetworkMode {
    guard mode == .automatic else { return mode }
    let has = { Program.find($0, in: context.programDirectories) != nil }
    return !has("pasta") && has("slirp4netns") ? .slirp4netns(options: []) : .pasta(options: [])
  }
}
