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
