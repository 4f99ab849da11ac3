public import Model

/// A container's /etc/resolv.conf (resolv.conf(5)).
public struct ResolverConfig: Equatable, Sendable {
  /// What the user asked for; an empty list is nothing.
  public struct Request: Equatable, Sendable {
    /// `--dns`; the single word `none` makes no file.
    public var servers: [String]
    /// `--dns-search`; the single word `.` makes no search list.
    public var search: [String]
    /// `--dns-option`.
    public var options: [String]

    public init(servers: [String] = [], search: [String] = [], options: [String] = []) {
      self.servers = servers
      self.search = search
      self.options = options
    }
  }

  public var servers: [String] = []
  public var search: [String] = []
  public var options: [String] = []

  /// Combines the host's file with what the user asked for.
  ///
  /// In a namespace of its own a container cannot reach the name servers on the host's loopback:
  /// they are left out, and the helper's forwarder, which passes questions on to them, comes first.
  public init(
    host text: String, request: Request, forwarder: IPAddress?, sharesHostNetwork: Bool
  ) throws(NetworkingError) {
    let host = Self.parse(text)
    try Self.check(request)
    if !request.servers.isEmpty {
      servers = request.servers
    } else if sharesHostNetwork {
      servers = host.servers
    } else {
      servers = (forwarder.map { [$0.description] } ?? []) + host.servers.filter(Self.isReachable)
    }
    search = request.search.isEmpty ? host.search : request.search.filter { $0 != "." }
    options = request.options.isEmpty ? host.options : request.options
  }

  private init() {}

  /// Whether `--dns none` was given: the image's own file stays.
  public static func leavesFileAlone(_ request: Request) -> Bool { request.servers == ["none"] }

  /// The file's content.
  public var text: String {
    var text = ""
    if !search.isEmpty { text += "search \(search.joined(separator: " "))\n" }
    for server in servers { text += "nameserver \(server)\n" }
    if !options.isEmpty { text += "options \(options.joined(separator: " "))\n" }
    return text
  }

  private static func parse(_ text: String) -> ResolverConfig {
    var config = ResolverConfig()
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
      guard let key = words.first, words.count > 1 else { continue }
      switch key {
      case "nameserver": config.servers.append(words[1])
      // The last of them wins (resolv.conf(5)).
      case "search", "domain": config.search = Array(words[1...])
      case "options": config.options += words[1...]
      default: continue
      }
    }
    return config
  }

  /// A server with a zone is bound to an interface that the namespace may not have.
  private static func isReachable(_ server: String) -> Bool {
    IPAddress(server).map { !$0.isLoopback && !$0.isUnspecified } ?? false
  }

  private static func check(_ request: Request) throws(NetworkingError) {
    for server in request.servers where IPAddress(server) == nil {
      if request.servers == ["none"] { continue }
      throw .badResolverValue(option: "--dns", value: server)
    }
    for (option, values) in [
      ("--dns-search", request.search), ("--dns-option", request.options),
    ] {
      for value in values
      where value.isEmpty || value.contains(where: { $0.isWhitespace || $0 == "\0" }) {
        throw .badResolverValue(option: option, value: value)
      }
    }
  }
}
