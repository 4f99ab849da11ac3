public import LinuxSystem
public import Model

/// pasta: the namespace gets the host's own address; no privileges, nothing translated.
public struct PastaDriver: Sendable {
  /// Where containers ask for names; pasta passes it on to the host's resolver.
  public static let resolver = "169.254.1.1"
  /// Where a new pasta lets containers reach the host's outer address.
  public static let hostAlias = "169.254.1.2"

  public let path: String
  /// Whether `--map-guest-addr` is known (passt 2024_08_21 and later).
  public let mapsHost: Bool

  /// Throws when pasta is not installed.
  public init(in directories: [String] = Program.systemDirectories) throws(NetworkingError) {
    guard let path = Program.find("pasta", in: directories) else {
      throw .helperMissing("pasta", package: "passt")
    }
    self.init(path: path, mapsHost: Self.knowsOption("map-guest-addr", path))
  }

  init(path: String, mapsHost: Bool) {
    self.path = path
    self.mapsHost = mapsHost
  }

  /// The order for the monitor.
  ///
  /// `options` are pasta's own, from `--network pasta:OPTION,…`, each a word of its command line;
  /// they come last and so win.
  public func order(
    _ context: HelperContext, ports: [PortMapping], options: [String] = []
  ) throws(NetworkingError) -> NetworkHelperOrder {
    var arguments = [path, "--config-net"]
    for (transport, flag) in [(PortMapping.TransportProtocol.tcp, "-t"), (.udp, "-u")] {
      let specs = ports.filter { $0.transport == transport }.map(Self.specification)
      if specs.isEmpty {
        if !Self.names(flag, in: options) { arguments += [flag, "none"] }
      } else {
        for spec in specs { arguments += [flag, spec] }
      }
    }
    if let mapping = ports.first(where: { $0.transport == .sctp }) {
      throw .portUnsupported(mapping, driver: "pasta", why: "it forwards tcp and udp only")
    }
    // Nothing of the host's loopback is reachable: no ports from the inside, no mapped gateway.
    for flag in ["-T", "-U"] where !Self.names(flag, in: options) { arguments += [flag, "none"] }
    if !options.contains("--map-gw") { arguments.append("--no-map-gw") }
    if !options.contains("--dns-forward") { arguments += ["--dns-forward", Self.resolver] }
    if mapsHost && !options.contains("--map-guest-addr") {
      arguments += ["--map-guest-addr", Self.hostAlias]
    }
    if context.isRootOfTheMachine { arguments += ["--runas", "0"] }
    arguments.append("--quiet")
    try Self.check(options)
    arguments += options.filter { $0 != "--map-gw" }
    return NetworkHelperOrder(
      arguments: arguments + ["--netns", context.namespacePath], readiness: .exit)
  }

  /// A mapping as `-t` and `-u` take it: `[ADDRESS/]FIRST[-LAST]:FIRST[-LAST]`, an IPv6 address
  /// without brackets, which older versions do not know.
  static func specification(_ mapping: PortMapping) -> String {
    let address = mapping.hostAddress.map { "\($0)/" } ?? ""
    let host = range(mapping.hostPort ?? mapping.containerPort, mapping.count)
    return "\(address)\(host):\(range(mapping.containerPort, mapping.count))"
  }

  private static func range(_ first: UInt16, _ count: UInt16) -> String {
    count == 1 ? "\(first)" : "\(first)-\(first + (count - 1))"
  }

  private static let longForms = [
    "-t": "--tcp-ports", "-u": "--udp-ports", "-T": "--tcp-ns", "-U": "--udp-ns",
  ]

  private static func names(_ flag: String, in options: [String]) -> Bool {
    options.contains { $0 == flag || $0 == longForms[flag] }
  }

  /// Options that would take the helper out of our hands.
  private static func check(_ options: [String]) throws(NetworkingError) {
    let ours = ["--netns", "--userns", "--netns-only", "-f", "--foreground", "-P", "--pid"]
    for option in options where ours.contains(option) {
      throw .badOption(driver: "pasta", option: option, why: "it is set by martlet")
    }
  }

  /// Whether the program has the long option: its name stands in the file.
  ///
  /// Versions say nothing, Debian 12's pasta calls its own unknown.
  private static func knowsOption(_ name: String, _ path: String) -> Bool {
    guard let bytes = try? FileTree.read(path, limit: 1 << 24) else { return false }
    let wanted = Array(name.utf8)
    var at = 0
    while let found = bytes[at...].firstIndex(of: wanted[0]) {
      if bytes[found...].starts(with: wanted) { return true }
      at = found + 1
    }
    return false
  }
}
