public import Model

/// Connects a network namespace by slirp4netns(1).
public struct SlirpDriver {
  public let program: String
  public let options: SlirpOptions
  public let ports: [PortMapping]

  public init(program: String, options: SlirpOptions, ports: [PortMapping]) throws(NetworkError) {
    for port in ports where port.hostIP?.isVersion6 == true { throw .addressNotPublishable(port) }
    self.program = program
    self.options = options
    self.ports = ports
  }

  private static let readyDescriptor: Int32 = 3
  private static let exitDescriptor: Int32 = 4
  /// sun_path less its end (unix(7)).
  private static let pathLimit = 107

  public func order(namespace: String, runDirectory: String) throws(NetworkError)
    -> NetworkHelperOrder
  {
    var arguments = [program, "--configure", "--mtu=\(options.mtu)"]
    if !options.allowsHostLoopback { arguments.append("--disable-host-loopback") }
    // Its own mount namespace without capabilities, and a system call filter: it parses what the
    // container sends.
    arguments += ["--enable-sandbox", "--enable-seccomp"]
    if options.enablesVersion6 { arguments.append("--enable-ipv6") }
    arguments.append("--cidr=\(options.network)/\(options.prefix)")
    if let address = options.outboundAddress { arguments.append("--outbound-addr=\(address)") }
    if let address = options.outboundAddress6 { arguments.append("--outbound-addr6=\(address)") }
    arguments += ["-r", "\(Self.readyDescriptor)", "-e", "\(Self.exitDescriptor)"]
    var socket: String?
    if !ports.isEmpty {
      let path = "\(runDirectory)/net"
      guard path.utf8.count <= Self.pathLimit else { throw .socketPathTooLong(path) }
      arguments += ["--api-socket", path]
      socket = path
    }
    arguments += ["--netns-type=path", namespace, "tap0"]
    return NetworkHelperOrder(
      arguments: arguments, readiness: .descriptor(Self.readyDescriptor),
      exitDescriptor: Self.exitDescriptor, apiSocket: socket, requests: ports.map(request))
  }

  /// Every value is a number or an address, so nothing needs quoting.
  private func request(_ port: PortMapping) -> String {
    let address = port.hostIP?.description ?? "0.0.0.0"
    return """
      {"execute":"add_hostfwd","arguments":{"proto":"\(port.transport.rawValue)",\
      "host_addr":"\(address)","host_port":\(port.hostPort),\
      "guest_addr":"\(options.container)","guest_port":\(port.containerPort)}}
      """
  }
}
