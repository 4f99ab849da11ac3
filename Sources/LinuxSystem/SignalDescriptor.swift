import CLinux
import Glibc

/// Signals as something to be read (signalfd(2)).
///
/// While it lives they are blocked, so the process must have one thread; a child that is to execute
/// something gets them reset by `Program`.
public struct SignalDescriptor: ~Copyable, Sendable {
  public let descriptor: OwnedDescriptor

  public static let windowChanged = SIGWINCH
  public static let childEnded = SIGCHLD
  public static let brokenPipe = SIGPIPE

  public init(_ signals: SignalSet = .forwardable) throws(SystemError) {
    descriptor = OwnedDescriptor(owning: try check(clinux_signalfd(signals.mask), "signalfd"))
  }

  /// The next signal that has come; nil when there is none.
  public func next() throws(SystemError) -> Int32? { try receive()?.signal }

  /// The next signal with the process that sent it.
  public func receive() throws(SystemError) -> (signal: Int32, sender: Int32)? {
    var sender: Int32 = 0
    let number = unsafe clinux_read_signal(descriptor.raw, &sender)
    if number == -EAGAIN || number == -EINTR { return nil }
    return (try check(number, "read", "signalfd"), sender)
  }
}

/// Waits for descriptors to become readable or hang up (epoll(7)).
public struct Poll: ~Copyable, Sendable {
  private let descriptor: OwnedDescriptor

  public init() throws(SystemError) {
    descriptor = OwnedDescriptor(owning: try check(clinux_epoll_create(), "epoll_create1"))
  }

  public func add(_ fd: Int32) throws(SystemError) {
    try check(
      clinux_epoll_control(descriptor.raw, 1, fd, CLINUX_EPOLLIN, UInt64(fd)), "epoll_ctl", "\(fd)")
  }

  public func remove(_ fd: Int32) throws(SystemError) {
    try check(clinux_epoll_control(descriptor.raw, 2, fd, 0, 0), "epoll_ctl", "\(fd)")
  }

  /// Descriptors that are ready; empty after the time or a signal.
  public func wait(milliseconds: Int32) throws(SystemError) -> [Int32] {
    var events = [clinux_event](repeating: clinux_event(), count: 16)
    let count = try check(
      unsafe events.withUnsafeMutableBufferPointer { buffer in
        guard let start = buffer.baseAddress else { return -EINVAL }
        return unsafe clinux_epoll_wait(descriptor.raw, start, 16, milliseconds)
      }, "epoll_wait")
    return events[..<Int(count)].map { Int32(truncatingIfNeeded: $0.data) }
  }
}
