public import Model

/// The content of a resolv.conf(5).
public struct ResolverConfig: Equatable, Sendable {
  public var servers: [IPAddress] = []
  /// Servers as they are written, zones included.
  private var texts: [String] = []
  public var search: [String] = []
  public var options: [String] = []

  public init() {}

  /// Reads what the host has; lines of other kinds are left out.
  public init(parsing text: String) {
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
      guard words.count > 1 else { continue }
      switch words[0] {
      case "nameserver":
        guard let address = IPAddress(words[1].prefix { $0 != "%" }) else { continue }
        servers.append(address)
        texts.append(words[1])
      case "search", "domain": search = Array(words[1...])
      case "options": options += words[1...]
      default: continue
      }
    }
  }

  /// What the user asked for instead of the host's.
  public struct Wishes: Equatable, Sendable {
    public var servers: [IPAddress] = []
    public var search: [String] = []
    public var options: [String] = []

    public init() {}

    public init(servers: [String], search: [String], options: [String]) throws(NetworkError) {
      for text in servers {
        guard let address = IPAddress(text) else { throw .invalidNameServer(text) }
        self.servers.append(address)
      }
      for text in search + options {
        guard !text.isEmpty, text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F })
        else { throw .invalidResolverText(String(text.filter { !$0.isNewline })) }
      }
      self.search = search
      self.options = options
    }
  }

  /// Whether only a forwarder on the host's own loopback answers, as systemd-resolved does.
  public var isStub: Bool { !servers.isEmpty && servers.allSatisfy(\.isLoopback) }

  /// The configuration for a container.
  ///
  /// `forwarder`: an address in the container's network that leads to the host's server; only
  /// useful when the host has one of its version.
  /// `keepsLoopback`: whether the host's loopback is the container's.
  public func adapted(
    to wishes: Wishes, forwarder: IPAddress? = nil, keepsLoopback: Bool = false
  ) -> ResolverConfig {
    var result = self
    if !wishes.servers.isEmpty {
      result.setServers(wishes.servers)
    } else if !keepsLoopback {
      let kept = zip(servers, texts).filter { !$0.0.isLoopback }
      result.servers = kept.map(\.0)
      result.texts = kept.map(\.1)
      if let forwarder, servers.isEmpty || servers.contains(where: { !$0.isVersion6 }) {
        result.servers.insert(forwarder, at: 0)
        result.texts.insert(forwarder.description, at: 0)
      }
    }
    if !wishes.search.isEmpty { result.search = wishes.search == ["."] ? [] : wishes.search }
    if !wishes.options.isEmpty { result.options = wishes.options }
    return result
  }

  private mutating func setServers(_ servers: [IPAddress]) {
    self.servers = servers
    texts = servers.map(\.description)
  }

  public var text: String {
    var text = ""
    if !search.isEmpty { text += "search \(search.joined(separator: " "))\n" }
    for server in texts { text += "nameserver \(server)\n" }
    if !options.isEmpty { text += "options \(options.joined(separator: " "))\n" }
    return text
  }
}
