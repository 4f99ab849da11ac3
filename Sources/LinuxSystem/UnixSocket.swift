import CLinux
import Glibc

/// AF_UNIX sockets, named relative to a directory's descriptor, so that the 107 bytes that a name
/// may have never depend on where the directory is (unix(7)).
public enum UnixSocket {
  public enum Kind: Sendable {
    case stream, datagram, sequencedPacket

    var number: Int32 {
      switch self {
      case .stream: CLINUX_SOCK_STREAM
      case .datagram: CLINUX_SOCK_DGRAM
      case .sequencedPacket: CLINUX_SOCK_SEQPACKET
      }
    }
  }

  /// The process at the other end when it connected (SO_PEERCRED), numbered as we see it.
  public struct Peer: Equatable, Sendable {
    public let uid: UInt32
    public let pid: Int32
  }

  /// Listens at `name` in `directory` (a datagram socket just takes what comes), mode 0600; what was
  /// there of that name is removed unless it is known that nothing can be (`isNew`).
  public static func listen(
    directory: Int32, name: String, kind: Kind = .stream, backlog: Int32 = 16, isNew: Bool = false
  ) throws(SystemError) -> OwnedDescriptor {
    if !isNew, unsafe unlinkat(directory, name, 0) < 0, errno != ENOENT {
      throw SystemError("unlink", name, errno: errno)
    }
    return OwnedDescriptor(
      owning: try check(
        unsafe clinux_unix_listen(path(directory, name), kind.number, backlog), "bind", name))
  }

  public static func connect(
    directory: Int32, name: String, kind: Kind = .stream
  ) throws(SystemError) -> OwnedDescriptor {
    OwnedDescriptor(
      owning: try check(
        unsafe clinux_unix_connect(path(directory, name), kind.number), "connect", name))
  }

  /// Connects to a path of any length; `@name` is a socket in the abstract namespace.
  public static func connect(path: String, kind: Kind = .stream) throws(SystemError)
    -> OwnedDescriptor
  {
    if path.hasPrefix("@") || path.utf8.count <= 107 {
      return OwnedDescriptor(
        owning: try check(unsafe clinux_unix_connect(path, kind.number), "connect", path))
    }
    let slash = path.lastIndex(of: "/")
    let parent = slash.map { String(path[...$0]) } ?? "."
    let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
    let directory = try OwnedDescriptor.open(parent, [.path, .directory])
    return try connect(directory: directory.raw, name: name, kind: kind)
  }

  /// The next connection; nil when none is waiting on a non-blocking listener.
  public static func accept(_ listener: Int32) throws(SystemError) -> OwnedDescriptor? {
    let fd = clinux_accept(listener)
    if fd == -EAGAIN || fd == -ECONNABORTED || fd == -EINTR { return nil }
    return OwnedDescriptor(owning: try check(fd, "accept", "\(listener)"))
  }

  /// What the first to call a listener hands over: the descriptor with its first message.
  ///
  /// Nil when nobody calls within `milliseconds`, or comes without one.
  public static func acceptDescriptor(_ listener: Int32, milliseconds: Int32)
    throws(SystemError) -> OwnedDescriptor?
  {
    guard try Descriptor.waitReadable(listener, milliseconds: milliseconds),
      let caller = try accept(listener)
    else { return nil }
    return try receive(caller.raw).takeDescriptor()
  }

  public static func peer(_ fd: Int32) throws(SystemError) -> Peer {
    var uid: UInt32 = 0
    var pid: Int32 = 0
    try check(unsafe clinux_peer_uid(fd, &uid, &pid), "getsockopt SO_PEERCRED", "\(fd)")
    return Peer(uid: uid, pid: pid)
  }

  /// Two connected sockets.
  public static func pair(_ kind: Kind = .stream) throws(SystemError) -> OwnedDescriptor.Pipe {
    var ends: (Int32, Int32) = (-1, -1)
    try check(unsafe clinux_socketpair(kind.number, &ends.0, &ends.1), "socketpair")
    return OwnedDescriptor.Pipe(
      readEnd: OwnedDescriptor(owning: ends.0), writeEnd: OwnedDescriptor(owning: ends.1))
  }

  /// Sends what the socket takes of `bytes` from `offset`, without waiting and without SIGPIPE;
  /// 0 when it takes nothing now.
  public static func sendNow(
    _ fd: Int32, _ bytes: [UInt8], from offset: Int = 0, count: Int? = nil
  ) throws(SystemError) -> Int {
    let length = count ?? bytes.count - offset
    precondition(offset >= 0 && length >= 0 && offset + length <= bytes.count)
    let flags = CLINUX_MSG_NOSIGNAL | CLINUX_MSG_DONTWAIT
    let sent = unsafe bytes.withUnsafeBytes {
      unsafe clinux_sendmsg(
        fd, $0.baseAddress?.advanced(by: offset), UInt64(length), nil, 0, Int32(flags))
    }
    if sent == -Int64(EAGAIN) || sent == -Int64(EINTR) { return 0 }
    return Int(try check(sent, "sendmsg", "\(fd)"))
  }

  /// Sends all of `bytes`, waiting for room, without SIGPIPE.
  public static func sendAll(_ fd: Int32, _ bytes: [UInt8]) throws(SystemError) {
    var offset = 0
    while offset < bytes.count {
      let sent = unsafe bytes.withUnsafeBytes {
        unsafe clinux_sendmsg(
          fd, $0.baseAddress?.advanced(by: offset), UInt64(bytes.count - offset), nil, 0,
          Int32(CLINUX_MSG_NOSIGNAL))
      }
      if sent == -Int64(EINTR) { continue }
      offset += Int(try check(sent, "sendmsg", "\(fd)"))
    }
  }

  /// Sends bytes together with descriptors (SCM_RIGHTS), which stay ours as well.
  public static func send(
    _ fd: Int32, _ bytes: [UInt8], descriptors: [Int32]
  ) throws(SystemError) {
    let sent = unsafe bytes.withUnsafeBytes { data in
      unsafe descriptors.withUnsafeBufferPointer {
        unsafe clinux_sendmsg(
          fd, data.baseAddress, UInt64(data.count), $0.baseAddress, UInt32($0.count),
          Int32(CLINUX_MSG_NOSIGNAL))
      }
    }
    try check(sent, "sendmsg", "\(fd)")
  }

  /// One message of at most `limit` bytes and the first descriptor that came with it, if any.
  public static func receive(_ fd: Int32, limit: Int = 4_096) throws(SystemError) -> Message {
    var received: Int32 = -1
    var count: UInt32 = 1
    var buffer = [UInt8](repeating: 0, count: limit)
    let size = unsafe buffer.withUnsafeMutableBytes {
      unsafe clinux_recvmsg(fd, $0.baseAddress, UInt64(limit), &received, &count, 0)
    }
    try check(size, "recvmsg", "\(fd)")
    buffer.removeLast(limit - Int(size))
    return Message(
      bytes: buffer, descriptor: count > 0 ? OwnedDescriptor(owning: received) : nil)
  }

  public struct Message: ~Copyable, Sendable {
    public let bytes: [UInt8]
    public var descriptor: OwnedDescriptor?

    /// The descriptor, now the caller's.
    public consuming func takeDescriptor() -> OwnedDescriptor? { descriptor.take() }
  }

  /// No more will be sent: the other end reads its end of file (shutdown(2), SHUT_WR).
  public static func finishSending(_ fd: Int32) throws(SystemError) {
    try check(clinux_shutdown(fd, 1), "shutdown", "\(fd)")
  }

  private static func path(_ directory: Int32, _ name: String) -> String {
    directory == OwnedDescriptor.workingDirectory ? name : "/proc/self/fd/\(directory)/\(name)"
  }
}
