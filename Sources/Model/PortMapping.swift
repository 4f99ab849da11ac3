/// A published port or range of ports: what connects to it on the host reaches the container.
public struct PortMapping: Hashable, Sendable, CustomStringConvertible {
  public enum TransportProtocol: String, Hashable, Sendable, CaseIterable {
    case tcp, udp, sctp
  }

  /// The host's address to listen on; nil: all of them.
  public var hostAddress: IPAddress?
  /// The first host port; nil: a free one is chosen.
  public var hostPort: UInt16?
  /// The first container port.
  public var containerPort: UInt16
  /// Consecutive ports, 1 and up.
  public var count: UInt16
  public var transport: TransportProtocol

  public init(
    hostAddress: IPAddress? = nil, hostPort: UInt16?, containerPort: UInt16, count: UInt16 = 1,
    transport: TransportProtocol = .tcp
  ) {
    self.hostAddress = hostAddress
    self.hostPort = hostPort
    self.containerPort = containerPort
    self.count = count
    self.transport = transport
  }

  /// Reads `[IP:][HOST[-HOST]:]CONTAINER[-CONTAINER][/PROTOCOL]`; an IPv6 address is in brackets.
  public init(parsing text: String) throws(ErrorReport) {
    var rest = Substring(text)
    transport = .tcp
    if let slash = rest.lastIndex(of: "/") {
      let name = rest[rest.index(after: slash)...].lowercased()
      guard let found = TransportProtocol(rawValue: name) else {
        throw Self.invalid(text, "\(name) is not a protocol", hint: "use tcp, udp or sctp")
      }
      transport = found
      rest = rest[..<slash]
    }
    var parts = try Self.parts(rest, of: text)
    let container = try Self.range(parts.removeLast(), of: text)
    containerPort = container.lowerBound
    count = UInt16(container.count)
    if let last = parts.popLast(), !last.isEmpty {
      let host = try Self.range(last, of: text)
      guard host.count == container.count else {
        throw Self.invalid(
          text, "\(host.count) host ports for \(container.count) container ports",
          hint: "give both ranges the same length")
      }
      hostPort = host.lowerBound
    }
    if let address = parts.popLast(), !address.isEmpty {
      guard let parsed = IPAddress(address) else {
        throw Self.invalid(text, "\(address) is not an IP address", hint: nil)
      }
      hostAddress = parsed
    }
  }

  public var description: String {
    let address = hostAddress.map { $0.isVersion6 ? "[\($0)]:" : "\($0):" } ?? ""
    let host = hostPort.map { Self.text($0, count) } ?? ""
    let separator = hostPort == nil && hostAddress == nil ? "" : ":"
    return "\(address)\(host)\(separator)\(Self.text(containerPort, count))/\(transport.rawValue)"
  }

  /// Whether both would listen on the same port of the same address.
  public func overlaps(_ other: PortMapping) -> Bool {
    guard transport == other.transport, let mine = hostPort, let theirs = other.hostPort else {
      return false
    }
    let everywhere = [hostAddress, other.hostAddress].contains { $0?.isUnspecified ?? true }
    guard everywhere || hostAddress == other.hostAddress else { return false }
    return Int(mine) < Int(theirs) + Int(other.count) && Int(theirs) < Int(mine) + Int(count)
  }

  /// Throws when two of the mappings want the same host port.
  public static func checkOverlaps(_ mappings: [PortMapping]) throws(ErrorReport) {
    for (index, first) in mappings.enumerated() {
      for second in mappings[(index + 1)...] where first.overlaps(second) {
        throw ErrorReport(
          .invalidRequest, "published ports \(first) and \(second) overlap",
          hint: "publish each host port once")
      }
    }
  }

  /// The fields between colons, the container's last: one to three.
  private static func parts(_ text: Substring, of whole: String) throws(ErrorReport) -> [Substring]
  {
    var rest = text
    var address: Substring?
    if rest.hasPrefix("[") {
      guard let end = rest.firstIndex(of: "]"), rest[end...].hasPrefix("]:") else {
        throw invalid(
          whole, "the address in brackets has no end", hint: "write [IP]:HOST:CONTAINER")
      }
      address = rest[...end]
      rest = rest[rest.index(end, offsetBy: 2)...]
    }
    let fields = rest.split(separator: ":", omittingEmptySubsequences: false)
    guard fields.count + (address == nil ? 0 : 1) <= 3 else {
      throw invalid(
        whole, "it has too many fields",
        hint: "write [IP:][HOST:]CONTAINER, with an IPv6 address in brackets")
    }
    guard let address else { return fields }
    return [address] + (fields.count == 1 ? [""] : []) + fields
  }

  private static func range(
    _ text: Substring, of whole: String
  ) throws(ErrorReport) -> ClosedRange<UInt16> {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false)
    let numbers = ends.compactMap { end -> UInt16? in
      end.allSatisfy { "0"..."9" ~= $0 } ? UInt16(end) : nil
    }
    guard numbers.count == ends.count, (1...2).contains(ends.count), numbers.allSatisfy({ $0 > 0 })
    else {
      throw invalid(whole, "\(text) is not a port", hint: "a port is a number from 1 to 65535")
    }
    guard let first = numbers.first, let last = numbers.last, first <= last else {
      throw invalid(whole, "range \(text) is backwards", hint: "write the lower port first")
    }
    // The whole number space has one port more than a count can say, but no port 0.
    return first...last
  }

  private static func text(_ first: UInt16, _ count: UInt16) -> String {
    count == 1 ? "\(first)" : "\(first)-\(first + (count - 1))"
  }

  private static func invalid(_ text: String, _ why: String, hint: String?) -> ErrorReport {
    ErrorReport(.invalidRequest, "cannot publish \(text): \(why)", hint: hint)
  }
}
