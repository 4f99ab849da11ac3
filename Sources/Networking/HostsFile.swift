import LinuxSystem
public import Model

/// The content of an /etc/hosts (hosts(5)).
public struct HostsFile: Sendable {
  public struct Entry: Equatable, Sendable {
    public var address: IPAddress
    public var names: [String]

    public init(_ address: IPAddress, _ names: [String]) {
      self.address = address
      self.names = names
    }
  }

  /// `--add-host NAME[;NAME…]:ADDRESS`.
  public struct AddedHost: Equatable, Sendable {
    public var names: [String]
    /// nil: `host-gateway`.
    public var address: IPAddress?

    public init(_ text: String) throws(NetworkError) {
      let shown = String(text.filter { !$0.isNewline })
      guard let colon = text.firstIndex(where: { $0 == ":" || $0 == "=" }) else {
        throw .invalidHost(shown, reason: "no address")
      }
      names = text[..<colon].split(separator: ";", omittingEmptySubsequences: false).map(
        String.init)
      for name in names where !HostsFile.isName(name) {
        throw .invalidHost(shown, reason: "invalid host name")
      }
      var rest = text[text.index(after: colon)...]
      if rest == "host-gateway" { return }
      if rest.hasPrefix("["), rest.hasSuffix("]") { rest = rest.dropFirst().dropLast() }
      guard let address = IPAddress(rest) else {
        throw .invalidHost(
          shown, reason: "invalid IP address in add-host: \(rest.filter { !$0.isNewline })")
      }
      self.address = address
    }
  }

  /// Names under which containers find the host.
  public static let hostNames = ["host.containers.internal", "host.docker.internal"]

  /// The host's own file.
  public var base: String
  public var added: [AddedHost]
  /// Where the host is for the container; nil when it cannot be reached.
  public var host: IPAddress?
  /// Under what the container knows itself.
  public var own: Entry?

  public init(base: String, added: [AddedHost], host: IPAddress?, own: Entry?) {
    self.base = base
    self.added = added
    self.host = host
    self.own = own
  }

  static func isName(_ text: String) -> Bool {
    !text.isEmpty
      && text.unicodeScalars.allSatisfy {
        $0.value > 0x20 && $0.value != 0x7F && $0 != "#" && $0 != ":" && $0 != "/"
      }
  }

  /// The first line that has a name answers for it (hosts(5)), so what was asked for comes first
  /// and what only the host knows comes last.
  public func text() throws(NetworkError) -> String {
    var entries: [Entry] = []
    for item in added {
      guard let address = item.address ?? host else { throw .noHostGateway }
      entries.append(Entry(address, item.names))
    }
    let base = Self.parse(base)
    for address in [IPAddress(127, 0, 0, 1), .loopback6] {
      entries.append(Entry(address, ["localhost", "localhost.localdomain"]))
    }
    if let own { entries.append(own) }
    if let host { entries.append(Entry(host, Self.hostNames)) }
    let taken = Set((own?.names ?? []) + Self.hostNames + added.flatMap(\.names) + ["localhost"])
    for entry in base {
      let names = entry.names.filter { !taken.contains($0) && $0 != "localhost.localdomain" }
      if !names.isEmpty { entries.append(Entry(entry.address, names)) }
    }
    return entries.map { "\($0.address)\t\($0.names.joined(separator: " "))\n" }.joined()
  }

  static func parse(_ text: String) -> [Entry] {
    var entries: [Entry] = []
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.prefix { $0 != "#" }.split(whereSeparator: { $0 == " " || $0 == "\t" })
      guard let first = words.first, let address = IPAddress(first) else { continue }
      let names = words.dropFirst().map(String.init).filter(isName)
      if !names.isEmpty { entries.append(Entry(address, names)) }
    }
    return entries
  }
}
