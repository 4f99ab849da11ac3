import CLinux
import Glibc

/// Signals as something to read, blocked for this process (signalfd(2)).
public struct SignalDescriptor: ~Copyable, Sendable {
  public let descriptor: OwnedDescriptor

  public static let windowChanged = SIGWINCH
  public static let childEnded = SIGCHLD
  public static let brokenPipe = SIGPIPE

  /// Every signal that can be passed on to another process.
  public init() throws(SystemError) {
    var mask: UInt64 = .max
    // A fault of our own must kill us; the terminal's stop signals keep their meaning.
    for signal in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGTTIN, SIGTTOU, SIGTSTP] {
      mask &= ~(1 << UInt64(signal - 1))
    }
    descriptor = OwnedDescriptor(owning: try check(clinux_signalfd(mask), "signalfd"))
  }

  /// The next one that has arrived; nil when none has.
  public func next() throws(SystemError) -> Int32? {
    var sender: Int32 = 0
    let signal = unsafe clinux_read_signal(descriptor.raw, &sender)
    if signal == -EAGAIN { return nil }
    return try check(signal, "read", "signalfd")
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
