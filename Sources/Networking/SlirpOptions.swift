public import Model

/// Options after `slirp4netns:`.
public struct SlirpOptions: Equatable, Sendable {
  /// Whether the container may connect to the host's loopback addresses.
  public var allowsHostLoopback = false
  public var mtu = 65_520
  public var enablesVersion6 = true
  /// The network's address, a multiple of its size, and the length of its prefix (8 to 25).
  public var network = IPAddress(10, 0, 2, 0)
  public var prefix = 24
  public var outboundAddress: String?
  public var outboundAddress6: String?

  public init() {}

  static let known = [
    "allow_host_loopback", "cidr", "enable_ipv6", "mtu", "outbound_addr", "outbound_addr6",
    "port_handler",
  ]

  init(_ text: String) throws(NetworkError) {
    for option in text.split(separator: ",") {
      let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        throw .invalidOption(String(option), reason: "write NAME=VALUE")
      }
      try set(String(parts[0]), String(parts[1]), String(option))
    }
  }

  private mutating func set(_ name: String, _ value: String, _ option: String)
    throws(NetworkError)
  {
    switch name {
    case "allow_host_loopback": allowsHostLoopback = try Self.flag(value, option)
    case "enable_ipv6": enablesVersion6 = try Self.flag(value, option)
    case "mtu":
      guard let number = Int(value), (68...65_521).contains(number) else {
        throw .invalidOption(option, reason: "write a number from 68 to 65521")
      }
      mtu = number
    case "cidr": try setNetwork(value, option)
    case "outbound_addr":
      outboundAddress = try Self.device(value, option, isVersion6: false)
    case "outbound_addr6":
      outboundAddress6 = try Self.device(value, option, isVersion6: true)
    case "port_handler":
      guard value == "slirp4netns" else {
        throw .invalidOption(option, reason: "only the port handler slirp4netns is supported")
      }
    default: throw .unknownOption(name, mode: "slirp4netns", known: Self.known)
    }
  }

  private mutating func setNetwork(_ value: String, _ option: String) throws(NetworkError) {
    let parts = value.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let address = IPAddress(parts[0]), !address.isVersion6,
      let length = Int(parts[1]), (8...25).contains(length)
    else { throw .invalidOption(option, reason: "write an IPv4 network of 8 to 25 bits") }
    prefix = length
    let mask = UInt32.max << UInt32(32 - length)
    network = Self.address(Self.number(address) & mask)
  }

  private static func flag(_ value: String, _ option: String) throws(NetworkError) -> Bool {
    switch value {
    case "true": return true
    case "false": return false
    default: throw .invalidOption(option, reason: "write true or false")
    }
  }

  /// An address, or a network device.
  private static func device(_ value: String, _ option: String, isVersion6: Bool)
    throws(NetworkError) -> String
  {
    if let address = IPAddress(value), address.isVersion6 == isVersion6 {
      return address.description
    }
    guard !value.isEmpty, value.utf8.count < 16, !value.contains(":"), !value.contains("/"),
      !value.hasPrefix("-"), IPAddress(value) == nil
    else { throw .invalidOption(option, reason: "write an address or a network device") }
    return value
  }

  private static func number(_ address: IPAddress) -> UInt32 {
    address.bytes.reduce(0) { $0 << 8 | UInt32($1) }
  }

  private static func address(_ number: UInt32) -> IPAddress {
    IPAddress(
      UInt8(truncatingIfNeeded: number >> 24), UInt8(truncatingIfNeeded: number >> 16),
      UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number))
  }

  private func member(_ offset: UInt32) -> IPAddress {
    Self.address(Self.number(network) + offset)
  }

  /// The places in its network are slirp4netns(1)'s.
  public var container: IPAddress { member(100) }
  public var host: IPAddress { member(2) }
  public var nameServer: IPAddress { member(3) }
}
