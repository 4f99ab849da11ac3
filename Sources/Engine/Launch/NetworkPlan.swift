import LinuxSystem
import Model
import Networking

/// What a container's network needs at its start.
struct NetworkPlan {
  enum Kind {
    case host, none
    case pasta(PastaDriver)
    case slirp(SlirpDriver)
    /// A namespace that is there; `filesOf` is where its owner has its /etc files.
    case joined(path: String, filesOf: String?)
  }

  let kind: Kind
  let network: ContainerNetwork
  let ports: [PortMapping]
  let isMachineRoot: Bool
  let userName: String?
  let runtimeDirectory: String

  /// Whether the container gets a network namespace of its own.
  var needsNamespace: Bool {
    switch kind {
    case .none, .pasta, .slirp: true
    case .host, .joined: false
    }
  }

  /// The namespace to join instead.
  var joinedPath: String? {
    if case .joined(let path, _) = kind { return path }
    return nil
  }

  /// The program that connects the new namespace, if one does.
  ///
  /// `descriptor`: the namespace in this process.
  /// `namespacePath`: where it will be in the monitor, whose process this becomes.
  func helper(descriptor: Int32, namespacePath: String, runDirectory: String) throws
    -> NetworkHelperOrder?
  {
    switch kind {
    case .none, .host, .joined: return nil
    case .slirp(let driver):
      try checkPorts()
      return try driver.order(namespace: namespacePath, runDirectory: runDirectory)
    case .pasta(let driver):
      try checkPorts()
      let name = try NamespaceName.make(
        descriptor: descriptor, runtimeDirectory: runtimeDirectory, runDirectory: runDirectory)
      return driver.order(namespace: name, isMachineRoot: isMachineRoot)
    }
  }

  private func checkPorts() throws(NetworkError) {
    try PortAllocation.checkPrivileges(ports, isMachineRoot: isMachineRoot)
    try PortAllocation.checkFree(ports)
  }

  // MARK: - Names

  static func wishes(_ network: ContainerNetwork) throws(NetworkError) -> ResolverConfig.Wishes {
    try ResolverConfig.Wishes(
      servers: network.dns == ["none"] ? [] : network.dns, search: network.dnsSearch,
      options: network.dnsOptions)
  }

  static func addedHosts(_ network: ContainerNetwork) throws(NetworkError)
    -> [HostsFile.AddedHost]
  {
    var all: [HostsFile.AddedHost] = []
    for text in network.hosts { all.append(try HostsFile.AddedHost(text)) }
    return all
  }

  /// The text of the container's /etc/hosts.
  ///
  /// `base`: what it is made from; nil is the host's.
  func hosts(hostname: String, name: String, base: String? = nil) throws -> String {
    if base == nil, case .joined(_, let files?) = kind, network.hosts.isEmpty,
      let text = try? FileTree.readText("\(files)/hosts", limit: 1 << 20)
    {
      return text
    }
    let base = base ?? (try? FileTree.readText("/etc/hosts", limit: 1 << 20)) ?? ""
    let main = needsMainAddress ? HostAddress.main : nil
    let names = name.isEmpty || name == hostname ? [hostname] : [hostname, name]
    return try HostsFile(
      base: base, added: Self.addedHosts(network), host: hostAddress(main: main),
      own: HostsFile.Entry(ownAddress(main: main), names)
    ).text()
  }

  private var needsMainAddress: Bool {
    switch kind {
    case .pasta, .host, .slirp: true
    case .none, .joined: false
    }
  }

  private func hostAddress(main: IPAddress?) -> IPAddress? {
    switch kind {
    case .pasta(let driver): driver.hostAddress
    // slirp4netns's own address for the host leads to its loopback.
    case .slirp(let driver): driver.options.allowsHostLoopback ? driver.options.host : main
    case .host: main ?? IPAddress(127, 0, 0, 1)
    case .none, .joined: nil
    }
  }

  private func ownAddress(main: IPAddress?) -> IPAddress {
    switch kind {
    case .pasta(let driver): driver.chosenAddress ?? main ?? IPAddress(127, 0, 1, 1)
    case .slirp(let driver): driver.options.container
    case .host, .joined: IPAddress(127, 0, 1, 1)
    case .none: IPAddress(127, 0, 0, 1)
    }
  }

  /// The text of the container's /etc/resolv.conf.
  func resolver() throws -> String {
    if case .joined(_, let files?) = kind, network.dns.isEmpty, network.dnsSearch.isEmpty,
      network.dnsOptions.isEmpty,
      let text = try? FileTree.readText("\(files)/resolv.conf", limit: 1 << 16)
    {
      return text
    }
    let host = Self.read("/etc/resolv.conf")
    let wishes = try Self.wishes(network)
    switch kind {
    case .host: return host.adapted(to: wishes, keepsLoopback: true).text
    case .none, .joined: return Self.unstubbed(host).adapted(to: wishes).text
    case .pasta(let driver):
      return Self.unstubbed(host).adapted(to: wishes, forwarder: driver.forwarder).text
    case .slirp(let driver):
      return Self.unstubbed(host).adapted(to: wishes, forwarder: driver.options.nameServer).text
    }
  }

  private static func read(_ path: String) -> ResolverConfig {
    ResolverConfig(parsing: (try? FileTree.readText(path, limit: 1 << 16)) ?? "")
  }

  /// Where only systemd-resolved's stub is named, the servers behind it (systemd-resolved(8)).
  private static func unstubbed(_ config: ResolverConfig) -> ResolverConfig {
    guard config.isStub else { return config }
    let behind = read("/run/systemd/resolve/resolv.conf")
    return behind.servers.isEmpty ? config : behind
  }
}
