import CLinux
import Glibc

/// Questions to the host's IPv4 and IPv6 that sockets answer (ip(7), ipv6(7)).
public enum InternetSocket {
  public enum Kind: Sendable {
    case stream, datagram
  }

  /// Takes a port of an address for a moment: the port, or EADDRINUSE, EACCES, EADDRNOTAVAIL.
  ///
  /// `address`: without brackets; `::` stands for IPv4 as well.
  /// `port`: 0 for one that is free.
  public static func probe(_ address: String, port: UInt16, _ kind: Kind) throws(SystemError)
    -> UInt16
  {
    var bound: Int32 = 0
    let type = kind == .stream ? CLINUX_SOCK_STREAM : CLINUX_SOCK_DGRAM
    let socket = OwnedDescriptor(
      owning: try check(
        unsafe clinux_ip_bind(address, port, type, &bound), "bind", "\(address) port \(port)"))
    _ = consume socket
    return UInt16(truncatingIfNeeded: bound)
  }

  /// The local address that packets to `destination` would leave from; nil without a route.
  public static func source(toward destination: String) -> String? {
    var text = [UInt8](repeating: 0, count: 64)
    let result = unsafe text.withUnsafeMutableBytes { space -> Int32 in
      guard let start = space.baseAddress else { return -1 }
      return unsafe clinux_ip_source(destination, start.assumingMemoryBound(to: CChar.self), 64)
    }
    return result < 0 ? nil : String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
  }
}
