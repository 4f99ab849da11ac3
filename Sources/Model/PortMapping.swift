/// One published port: a port of the host that leads to one of the container.
///
/// Its canonical text, `[IP:]HOST:CONTAINER/PROTOCOL` with IPv6 in brackets, is what a container's
/// configuration keeps.
public struct PortMapping: Hashable, Sendable, CustomStringConvertible {
  public enum TransportProtocol: String, Sendable {
    case tcp, udp
  }

  /// nil: every address of the host.
  public var hostIP: IPAddress?
  public var hostPort: UInt16
  public var containerPort: UInt16
  public var transport: TransportProtocol

  public init(
    hostIP: IPAddress? = nil, hostPort: UInt16, containerPort: UInt16,
    transport: TransportProtocol = .tcp
  ) {
    self.hostIP = hostIP
    self.hostPort = hostPort
    self.containerPort = containerPort
    self.transport = transport
  }

  /// Reads the canonical text; nil for anything else.
  public init?(canonical text: String) {
    guard let request = try? PortRequest(text), let host = request.hostPorts,
      host.count == 1, let hostPort = host.first, let containerPort = request.containerPorts.first
    else { return nil }
    self.init(
      hostIP: request.hostIP, hostPort: hostPort, containerPort: containerPort,
      transport: request.transport)
  }

  public var description: String {
    "\(hostIP.map { "\($0.bracketed):" } ?? "")\(hostPort):\(containerPort)/\(transport.rawValue)"
  }

  /// As `ps` prints it: `0.0.0.0:8080->80/tcp`.
  public var display: String {
    "\(hostText)->\(containerPort)/\(transport.rawValue)"
  }

  /// The host's side: `0.0.0.0:8080`.
  public var hostText: String { "\(hostIP?.bracketed ?? "0.0.0.0"):\(hostPort)" }

  /// Whether both want the same port of the same address.
  public func overlaps(_ other: PortMapping) -> Bool {
    guard transport == other.transport, hostPort == other.hostPort else { return false }
    guard let one = hostIP, let two = other.hostIP else { return true }
    if one == two { return true }
    // The unspecified addresses stand for all of their version.
    return one.isVersion6 == two.isVersion6 && (one.isUnspecified || two.isUnspecified)
  }
}

/// A `--publish` as it was asked for: `[[IP:][HOST[-LAST]]:]CONTAINER[-LAST][/tcp|udp]`.
public struct PortRequest: Equatable, Sendable {
  public var hostIP: IPAddress?
  /// nil: ports that happen to be free.
  public var hostPorts: ClosedRange<UInt16>?
  public var containerPorts: ClosedRange<UInt16>
  public var transport: PortMapping.TransportProtocol

  public init(_ text: String) throws(ErrorReport) {
    func invalid(_ reason: String, hint: String? = nil) -> ErrorReport {
      ErrorReport(
        .invalidRequest, "invalid port mapping \"\(text)\": \(reason)",
        hint: hint ?? "write [[IP:]HOST_PORT:]CONTAINER_PORT[/tcp|udp]")
    }
    var rest = Substring(text)
    transport = .tcp
    if let slash = rest.lastIndex(of: "/") {
      let word = rest[rest.index(after: slash)...].lowercased()
      guard let known = PortMapping.TransportProtocol(rawValue: word) else {
        throw word == "sctp"
          ? invalid("protocol sctp is not supported", hint: "use tcp or udp")
          : invalid("invalid proto: \(word)")
      }
      transport = known
      rest = rest[..<slash]
    }
    let parts = Self.split(rest)
    guard parts.count <= 3 else { throw invalid("too many colons") }
    let container = parts[parts.count - 1]
    guard !container.isEmpty else { throw invalid("no port specified") }
    guard let inside = Self.range(container) else {
      throw invalid("invalid containerPort: \(container)")
    }
    containerPorts = inside
    if parts.count > 1, !parts[parts.count - 2].isEmpty {
      let host = parts[parts.count - 2]
      guard let ports = Self.range(host) else { throw invalid("invalid hostPort: \(host)") }
      guard ports.count == inside.count else {
        throw invalid(
          "invalid ranges specified for container and host ports: \(container) and \(host)",
          hint: "give both ranges the same length")
      }
      hostPorts = ports
    }
    if parts.count > 2, !parts[0].isEmpty {
      guard let address = IPAddress(parts[0]) else {
        throw invalid("invalid IP address: \(parts[0])")
      }
      hostIP = address
    }
  }

  /// The parts between colons; an address in brackets is one part.
  private static func split(_ text: Substring) -> [Substring] {
    if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
      let after = text.index(after: end)
      guard after < text.endIndex, text[after] == ":" else { return [text] }
      return [text[text.index(after: text.startIndex)..<end]]
        + text[text.index(after: after)...].split(separator: ":", omittingEmptySubsequences: false)
    }
    return text.split(separator: ":", omittingEmptySubsequences: false)
  }

  private static func range(_ text: Substring) -> ClosedRange<UInt16>? {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count <= 2, let first = port(ends[0]), let last = port(ends[ends.count - 1]),
      first <= last
    else { return nil }
    return first...last
  }

  private static func port(_ text: Substring) -> UInt16? {
    guard !text.isEmpty, text.allSatisfy({ $0.isASCII && $0.isNumber }), let value = UInt16(text),
      value > 0
    else { return nil }
    return value
  }
}
