import CLinux
import Glibc

/// A port of this host that is held by being bound: nobody else can take it while this lives.
public struct InternetPort: ~Copyable, Sendable {
  public let number: UInt16
  private let socket: OwnedDescriptor

  /// Binds a TCP or UDP port of `address`, which is 4 or 16 bytes in network order.
  ///
  /// An address of zeros is every address; port 0 lets the kernel choose a free one.
  public init(address: [UInt8], port: UInt16, datagram: Bool) throws(SystemError) {
    precondition(address.count == 4 || address.count == 16)
    let isVersion6 = address.count == 16
    let kind = Int32(datagram ? SOCK_DGRAM.rawValue : SOCK_STREAM.rawValue)
    let fd = Glibc.socket(isVersion6 ? AF_INET6 : AF_INET, kind | Int32(SOCK_CLOEXEC.rawValue), 0)
    let owned = OwnedDescriptor(owning: try checkErrno(fd, "socket"))
    if !datagram { try Self.allowReuse(owned.raw) }
    let name = isVersion6 ? "port \(port) of IPv6" : "port \(port)"
    let bound =
      try isVersion6
      ? Self.bindVersion6(owned.raw, address, port, name)
      : Self.bindVersion4(owned.raw, address, port, name)
    // Without listening a TCP port that somebody else listens on can be bound (SO_REUSEADDR).
    if !datagram { try checkErrno(listen(owned.raw, 1), "listen", name) }
    number = bound
    socket = owned
  }

  /// Connections of a former listener that are winding down are no reason to refuse a port.
  private static func allowReuse(_ fd: Int32) throws(SystemError) {
    var on: Int32 = 1
    let size = socklen_t(MemoryLayout<Int32>.size)
    try checkErrno(
      unsafe setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, size), "setsockopt", "\(fd)")
  }

  private static func bindVersion4(
    _ fd: Int32, _ address: [UInt8], _ port: UInt16, _ name: String
  ) throws(SystemError) -> UInt16 {
    var socketAddress = sockaddr_in()
    socketAddress.sin_family = sa_family_t(AF_INET)
    socketAddress.sin_port = port.bigEndian
    unsafe withUnsafeMutableBytes(of: &socketAddress.sin_addr) {
      unsafe $0.copyBytes(from: address)
    }
    try bind(fd, &socketAddress, name)
    return socketAddress.sin_port.bigEndian
  }

  private static func bindVersion6(
    _ fd: Int32, _ address: [UInt8], _ port: UInt16, _ name: String
  ) throws(SystemError) -> UInt16 {
    var socketAddress = sockaddr_in6()
    socketAddress.sin6_family = sa_family_t(AF_INET6)
    socketAddress.sin6_port = port.bigEndian
    unsafe withUnsafeMutableBytes(of: &socketAddress.sin6_addr) {
      unsafe $0.copyBytes(from: address)
    }
    try bind(fd, &socketAddress, name)
    return socketAddress.sin6_port.bigEndian
  }

  /// Binds and replaces `address` by what was bound.
  private static func bind<Address>(
    _ fd: Int32, _ address: inout Address, _ name: String
  ) throws(SystemError) {
    var size = socklen_t(MemoryLayout<Address>.size)
    let length = size
    let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        let bound = unsafe Glibc.bind(fd, generic, length)
        return bound < 0 ? bound : unsafe getsockname(fd, generic, &size)
      }
    }
    try checkErrno(result, "bind", name)
  }
}
