public import LinuxSystem
public import Model

/// slirp4netns: a network of its own behind translated addresses, for hosts without pasta.
public struct SlirpDriver: Sendable {
  public static let resolver = "10.0.2.3"
  public static let gateway = "10.0.2.2"
  public static let address = "10.0.2.100"
  /// Descriptors of the helper's own (`-r`, `-e`).
  static let readyDescriptor: Int32 = 3
  static let exitDescriptor: Int32 = 4

  /// What `--network slirp4netns:…` can set.
  public struct Options: Equatable, Sendable {
    public var allowsHostLoopback = false
    public var enablesIPv6 = true
    public var mtu = 65_520
    public var outboundAddress: String?

    public init() {}

    public init(parsing options: [String]) throws(NetworkingError) {
      for option in options {
        let parts = option.split(separator: "=", maxSplits: 1).map(String.init)
        let value = parts.count == 2 ? parts[1] : ""
        switch parts.first {
        case "allow_host_loopback": allowsHostLoopback = try Self.flag(option, value)
        case "enable_ipv6": enablesIPv6 = try Self.flag(option, value)
        case "mtu":
          guard let number = Int(value), (68...65_521).contains(number) else {
            throw Self.bad(option, "it must be a number from 68 to 65521")
          }
          mtu = number
        case "outbound_addr":
          guard IPAddress(value) != nil || !value.contains("/") && !value.isEmpty else {
            throw Self.bad(option, "it must be an address or an interface")
          }
          outboundAddress = value
        default:
          throw Self.bad(
            option, "not known; use allow_host_loopback, enable_ipv6, mtu or outbound_addr")
        }
      }
    }

    private static func flag(_ option: String, _ value: String) throws(NetworkingError) -> Bool {
      switch value {
      case "true": return true
      case "false": return false
      default: throw bad(option, "it must be true or false")
      }
    }

    private static func bad(_ option: String, _ why: String) -> NetworkingError {
      .badOption(driver: "slirp4netns", option: option, why: why)
    }
  }

  public let path: String

  /// Throws when slirp4netns is not installed.
  public init(in directories: [String] = Program.systemDirectories) throws(NetworkingError) {
    guard let path = Program.find("slirp4netns", in: directories) else {
      throw .helperMissing("slirp4netns", package: "slirp4netns")
    }
    self.path = path
  }

  /// The order for the monitor.
  public func order(
    _ context: HelperContext, ports: [PortMapping], options: Options = Options()
  ) throws(NetworkingError) -> NetworkHelperOrder {
    var arguments = [path, "--configure", "--mtu=\(options.mtu)"]
    if !options.allowsHostLoopback { arguments.append("--disable-host-loopback") }
    arguments += ["--enable-sandbox", "--enable-seccomp"]
    if options.enablesIPv6 { arguments.append("--enable-ipv6") }
    if let outbound = options.outboundAddress { arguments.append("--outbound-addr=\(outbound)") }
    var order = NetworkHelperOrder(
      arguments: [], readiness: .descriptor(Self.readyDescriptor),
      exitDescriptor: Self.exitDescriptor)
    if !ports.isEmpty {
      let socket = "\(context.directory)/slirp"
      guard socket.utf8.count <= 107 else { throw .socketPathTooLong(socket) }
      order.apiSocket = socket
      order.requests = try Self.requests(ports)
      arguments.append("--api-socket=\(socket)")
    }
    order.arguments =
      arguments + [
        "-r", "\(Self.readyDescriptor)", "-e", "\(Self.exitDescriptor)", "--netns-type=path",
        context.namespacePath, "tap0",
      ]
    return order
  }

  /// One request per port; the socket takes no ranges.
  static func requests(_ ports: [PortMapping]) throws(NetworkingError) -> [String] {
    var requests: [String] = []
    for mapping in ports {
      guard mapping.transport != .sctp else {
        throw .portUnsupported(mapping, driver: "slirp4netns", why: "it forwards tcp and udp only")
      }
      if mapping.hostAddress?.isVersion6 == true {
        throw .portUnsupported(mapping, driver: "slirp4netns", why: "it listens on IPv4 only")
      }
      let address = mapping.hostAddress?.description ?? "0.0.0.0"
      for offset in 0..<mapping.count {
        let host = (mapping.hostPort ?? mapping.containerPort) + offset
        requests.append(
          "{\"execute\":\"add_hostfwd\",\"arguments\":{\"proto\":\"\(mapping.transport.rawValue)\","
            + "\"host_addr\":\"\(address)\",\"host_port\":\(host),"
            + "\"guest_addr\":\"\(Self.address)\","
            + "\"guest_port\":\(mapping.containerPort + offset)}}")
      }
    }
    return requests
  }
}
