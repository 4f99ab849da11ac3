public import Model

/// Connects a network namespace by pasta(1).
public struct PastaDriver {
  /// Stands for the host's name server; link-local, so that it hides nothing.
  public static let nameServer = IPAddress(169, 254, 1, 1)
  /// Stands for the host itself, where pasta can map an address to it.
  public static let host = IPAddress(169, 254, 1, 2)

  public let program: String
  public let features: PastaFeatures
  /// The user's own arguments.
  public let options: [String]
  public let ports: [PortMapping]

  public init(
    program: String, features: PastaFeatures, options: [String], ports: [PortMapping]
  ) {
    self.program = program
    self.features = features
    self.options = options
    self.ports = ports
  }

  /// The address at which the container reaches the host.
  public var hostAddress: IPAddress? {
    if let given = value(of: "--map-guest-addr") { return IPAddress(given) }
    return features.mapsGuestAddress ? Self.host : nil
  }

  /// The address at which the container reaches the host's name server.
  public var forwarder: IPAddress? {
    IPAddress(value(of: "--dns-forward") ?? Self.nameServer.description)
  }

  /// The container's own address, when the user chose it.
  public var chosenAddress: IPAddress? {
    (value(of: "--address") ?? value(of: "-a")).flatMap { IPAddress($0.prefix { $0 != "/" }) }
  }

  /// `namespace`: a path outside /proc, in a directory where its removal can be watched:
  /// pasta gives up the capabilities that /proc asks for before it opens the namespace, and
  /// leaves when the name goes.
  public func order(namespace: String, isMachineRoot: Bool)
    -> NetworkHelperOrder
  {
    var arguments = [program, "--config-net"]
    arguments += publishing(.tcp, "-t", "--tcp-ports")
    arguments += publishing(.udp, "-u", "--udp-ports")
    if !has("-T", "--tcp-ns") { arguments += ["-T", "none"] }
    if !has("-U", "--udp-ns") { arguments += ["-U", "none"] }
    if !has("--map-gw") && !has("--no-map-gw") { arguments.append("--no-map-gw") }
    if !has("--dns-forward") { arguments += ["--dns-forward", Self.nameServer.description] }
    if features.mapsGuestAddress && !has("--map-guest-addr") {
      arguments += ["--map-guest-addr", Self.host.description]
    }
    // Root of the machine would become nobody, who may not enter the namespace.
    if isMachineRoot { arguments += ["--runas", "0"] }
    if !has("-q", "--quiet", "-d", "--debug", "--trace") { arguments.append("--quiet") }
    arguments += options.filter { $0 != "--map-gw" }
    arguments += ["--netns", namespace]
    return NetworkHelperOrder(arguments: arguments, readiness: .exit)
  }

  private func publishing(
    _ transport: PortMapping.TransportProtocol, _ short: String, _ long: String
  ) -> [String] {
    let specs = Self.specs(ports.filter { $0.transport == transport })
    if specs.isEmpty { return has(short, long) ? [] : [short, "none"] }
    return specs.flatMap { [short, $0] }
  }

  /// Ports in pasta's words, neighbours as one range.
  static func specs(_ ports: [PortMapping]) -> [String] {
    var specs: [String] = []
    var index = 0
    while index < ports.count {
      let first = ports[index]
      var last = first
      while index + 1 < ports.count, ports[index + 1].hostIP == first.hostIP,
        Int(ports[index + 1].hostPort) == Int(last.hostPort) + 1,
        Int(ports[index + 1].containerPort) == Int(last.containerPort) + 1
      {
        index += 1
        last = ports[index]
      }
      index += 1
      let address = first.hostIP.map { "\($0)/" } ?? ""
      specs.append(
        first == last
          ? "\(address)\(first.hostPort):\(first.containerPort)"
          : "\(address)\(first.hostPort)-\(last.hostPort):\(first.containerPort)-\(last.containerPort)"
      )
    }
    return specs
  }

  private func has(_ names: String...) -> Bool {
    options.contains { option in
      names.contains { name in
        option == name || option.hasPrefix("\(name)=")
          || (!name.hasPrefix("--") && option.hasPrefix(name) && !option.hasPrefix("--"))
      }
    }
  }

  private func value(of name: String) -> String? {
    for (index, option) in options.enumerated() {
      if option.hasPrefix("\(name)=") { return String(option.dropFirst(name.count + 1)) }
      if option == name, index + 1 < options.count { return options[index + 1] }
    }
    return nil
  }
}
