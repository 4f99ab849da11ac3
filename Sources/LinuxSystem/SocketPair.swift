import CLinux

/// Two connected stream sockets (socketpair(2)), both close-on-exec.
public struct SocketPair: ~Copyable {
  public let first: OwnedDescriptor
  public let second: OwnedDescriptor

  public static func stream() throws(SystemError) -> SocketPair {
    var ends: (Int32, Int32) = (-1, -1)
    try check(unsafe clinux_socketpair(CLINUX_SOCK_STREAM, &ends.0, &ends.1), "socketpair")
    return SocketPair(
      first: OwnedDescriptor(owning: ends.0), second: OwnedDescriptor(owning: ends.1))
  }

  /// Keeps the first end and closes the second.
  public consuming func takeFirst() -> OwnedDescriptor { first }
}
