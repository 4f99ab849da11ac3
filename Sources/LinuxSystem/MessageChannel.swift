import CLinux
import Glibc

/// Whole messages, with descriptors, between a process and its child (AF_UNIX, SOCK_SEQPACKET).
public struct MessageChannel: ~Copyable, Sendable {
  public let descriptor: OwnedDescriptor

  public init(owning descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor }

  public struct Pair: ~Copyable {
    public var first: MessageChannel
    public var second: MessageChannel

    /// Keeps one end and closes the other.
    public consuming func takeFirst() -> MessageChannel { first }
    public consuming func takeSecond() -> MessageChannel { second }
  }

  public static func pair() throws(SystemError) -> Pair {
    var a: Int32 = -1
    var b: Int32 = -1
    try check(unsafe clinux_socketpair(CLINUX_SOCK_SEQPACKET, &a, &b), "socketpair")
    return Pair(
      first: MessageChannel(owning: OwnedDescriptor(owning: a)),
      second: MessageChannel(owning: OwnedDescriptor(owning: b)))
  }

  public func send(_ message: [UInt8], descriptors: [Int32] = []) throws(SystemError) {
    try Self.send(descriptor.raw, message, descriptors: descriptors)
  }

  /// Sends on any connected socket.
  public static func send(_ socket: Int32, _ message: [UInt8], descriptors: [Int32] = [])
    throws(SystemError)
  {
    try check(
      unsafe message.withUnsafeBufferPointer { bytes in
        unsafe descriptors.withUnsafeBufferPointer { fds in
          unsafe clinux_sendmsg(
            socket, bytes.baseAddress, UInt64(bytes.count), fds.baseAddress, UInt32(fds.count),
            Int32(CLINUX_MSG_NOSIGNAL))
        }
      }, "sendmsg", "\(socket)")
  }

  /// The next message, up to 64 kB; empty when the other side has gone.
  ///
  /// The received descriptors are the caller's to close.
  public func receive() throws(SystemError) -> (message: [UInt8], descriptors: [Int32]) {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    var fds = [Int32](repeating: -1, count: 16)
    var count: UInt32 = 16
    var n: Int64
    repeat {
      n = unsafe buffer.withUnsafeMutableBytes { bytes in
        unsafe fds.withUnsafeMutableBufferPointer { fds in
          unsafe clinux_recvmsg(
            descriptor.raw, bytes.baseAddress, 65_536, fds.baseAddress, &count, 0)
        }
      }
    } while n == -Int64(EINTR)
    if n == -Int64(ECONNRESET) { n = 0 }
    try check(n, "recvmsg", "\(descriptor.raw)")
    return (Array(buffer[..<Int(n)]), Array(fds[..<Int(count)]))
  }
}
