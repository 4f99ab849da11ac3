public import Model

/// A container's /etc/hosts (hosts(5)).
public struct HostsFile: Equatable, Sendable {
  public struct Entry: Equatable, Sendable {
    public var address: IPAddress
    public var names: [String]

    public init(_ address: IPAddress, _ names: [String]) {
      self.address = address
      self.names = names
    }
  }

  /// In the order of the file; the first that has a name wins.
  public private(set) var entries: [Entry] = []

  /// Makes the file of a container.
  ///
  /// `additions` are `--add-host` values, `NAME[;NAME…]:IP` or `…:host-gateway`. `ownNames` (host name
  /// and container name) mean `ownAddress`, or 127.0.0.1 without one. Without a `hostAddress`, which
  /// reaches the host, the host has no name inside.
  public init(
    additions: [String], ownNames: [String], ownAddress: IPAddress?, hostAddress: IPAddress?
  ) throws(NetworkingError) {
    for text in additions { entries.append(try Self.entry(text, hostAddress)) }
    for loopback in ["127.0.0.1", "::1"] {
      guard let address = IPAddress(loopback) else { continue }
      let names =
        address.isVersion6 ? ["localhost", "ip6-localhost", "ip6-loopback"] : ["localhost"]
      entries.append(Entry(address, names))
    }
    if let hostAddress {
      entries.append(Entry(hostAddress, ["host.containers.internal", "host.docker.internal"]))
    }
    var names: [String] = []
    for name in ownNames where !name.isEmpty && !names.contains(name) {
      try Self.check(name, in: name)
      names.append(name)
    }
    if let address = ownAddress ?? IPAddress("127.0.0.1"), !names.isEmpty {
      entries.append(Entry(address, names))
    }
  }

  /// The file's content.
  public var text: String {
    entries.map { "\($0.address)\t\($0.names.joined(separator: " "))\n" }.joined()
  }

  private static func entry(
    _ text: String, _ hostAddress: IPAddress?
  ) throws(NetworkingError) -> Entry {
    guard let colon = text.firstIndex(where: { $0 == ":" || $0 == "=" }) else {
      throw .badHostEntry(text, why: "it has no address")
    }
    let value = text[text.index(after: colon)...]
    let names = text[..<colon].split(separator: ";", omittingEmptySubsequences: false)
    for name in names { try check(String(name), in: text) }
    if value == "host-gateway" {
      guard let hostAddress else {
        throw .badHostEntry(text, why: "this network has no address for the host")
      }
      return Entry(hostAddress, names.map(String.init))
    }
    guard let address = IPAddress(value) else {
      throw .badHostEntry(text, why: "\(value) is not an IP address")
    }
    return Entry(address, names.map(String.init))
  }

  /// A name that could not start a new line or comment, or hide another name.
  private static func check(_ name: String, in text: String) throws(NetworkingError) {
    let isFine =
      !name.isEmpty
      && name.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F && $0 != "#" }
    guard isFine else { throw .badHostEntry(text, why: "it has a name that cannot be one") }
  }
}
