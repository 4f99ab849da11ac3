import CLinux
import Glibc

/// A set of signals (signal(7)).
public struct SignalSet: Equatable, Sendable, ExpressibleByArrayLiteral {
  /// Bit n-1 is signal n.
  let mask: UInt64

  public init(_ signals: some Sequence<Int32>) {
    mask = signals.reduce(0) { $0 | 1 << UInt64($1 - 1) }
  }

  public init(arrayLiteral elements: Int32...) { self.init(elements) }

  public static let hangUp = SIGHUP
  public static let interrupt = SIGINT
  public static let quit = SIGQUIT
  public static let kill = SIGKILL
  public static let user1 = SIGUSR1
  public static let pipe = SIGPIPE
  public static let terminate = SIGTERM
  public static let child = SIGCHLD
  public static let windowChange = SIGWINCH

  /// Ignores the signal in this process, or gives it back its default action.
  public static func ignore(_ signal: Int32, _ ignore: Bool = true) throws(SystemError) {
    try check(clinux_ignore_signal(signal, ignore ? 1 : 0), "signal", "\(signal)")
  }
}

/// Signals as something to be read (signalfd(2)).
///
/// While it lives they are blocked, so the process must have one thread; a child that is to execute
/// something gets them reset by `Program`.
public struct SignalDescriptor: ~Copyable, Sendable {
  public let descriptor: OwnedDescriptor

  public init(_ signals: SignalSet) throws(SystemError) {
    descriptor = OwnedDescriptor(owning: try check(clinux_signalfd(signals.mask), "signalfd"))
  }

  /// The next signal that has come; nil when there is none.
  public func next() throws(SystemError) -> (signal: Int32, sender: Int32)? {
    var sender: Int32 = 0
    let number = unsafe clinux_read_signal(descriptor.raw, &sender)
    if number == -EAGAIN || number == -EINTR { return nil }
    return (try check(number, "read", "signalfd"), sender)
  }
}
