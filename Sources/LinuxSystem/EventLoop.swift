import CLinux
import Glibc

/// Waits for many descriptors at once (epoll(7), level-triggered).
public struct EventLoop: ~Copyable {
  /// What a descriptor is watched for; errors and hang-ups are always told.
  public struct Interest: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static let readable = Interest(rawValue: CLINUX_EPOLLIN)
    public static let writable = Interest(rawValue: CLINUX_EPOLLOUT)
    /// Exceptional conditions, such as a change of a cgroup's events file.
    public static let priority = Interest(rawValue: CLINUX_EPOLLPRI)
    public static let hangUp = Interest(rawValue: CLINUX_EPOLLHUP)
    public static let error = Interest(rawValue: CLINUX_EPOLLERR)
  }

  public struct Event: Sendable {
    /// The number that the descriptor was added with.
    public let token: UInt64
    public let ready: Interest

    /// The descriptor, where it was added without a number of its own.
    public var descriptor: Int32 { Int32(truncatingIfNeeded: token) }
  }

  private static let batch = 16
  private let epoll: OwnedDescriptor
  private var buffer: [clinux_event]

  public init() throws(SystemError) {
    epoll = OwnedDescriptor(owning: try check(clinux_epoll_create(), "epoll_create"))
    buffer = [clinux_event](repeating: clinux_event(), count: Self.batch)
  }

  /// Watches a descriptor; `token` is by default the descriptor itself.
  public func add(_ fd: Int32, _ interest: Interest = .readable, token: UInt64? = nil)
    throws(SystemError)
  {
    try check(
      clinux_epoll_control(epoll.raw, 1, fd, interest.rawValue, token ?? UInt64(fd)),
      "epoll_ctl add", "\(fd)")
  }

  public func change(_ fd: Int32, _ interest: Interest, token: UInt64) throws(SystemError) {
    try check(
      clinux_epoll_control(epoll.raw, 3, fd, interest.rawValue, token), "epoll_ctl mod", "\(fd)")
  }

  /// Stops watching; before the descriptor is closed when others have copies of it.
  public func remove(_ fd: Int32) throws(SystemError) {
    try check(clinux_epoll_control(epoll.raw, 2, fd, 0, 0), "epoll_ctl del", "\(fd)")
  }

  /// Waits up to `milliseconds` (-1: for ever) and returns what is ready, possibly nothing.
  public mutating func wait(milliseconds: Int32) throws(SystemError) -> [Event] {
    let count = try check(
      unsafe buffer.withUnsafeMutableBufferPointer {
        unsafe clinux_epoll_wait(epoll.raw, $0.baseAddress, Int32(Self.batch), milliseconds)
      }, "epoll_wait")
    return buffer[..<Int(count)].map {
      Event(token: $0.data, ready: Interest(rawValue: $0.events))
    }
  }
}
