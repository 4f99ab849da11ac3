import CLinux
import Glibc

/// A set of signals (signal(7)).
public struct SignalSet: Equatable, Sendable, ExpressibleByArrayLiteral {
  /// Bit n-1 is signal n.
  let mask: UInt64

  public init(_ signals: some Sequence<Int32>) {
    mask = signals.reduce(0) { $0 | 1 << UInt64($1 - 1) }
  }

  /// Every signal that can be passed on to another process: a fault of our own must kill us, and the
  /// terminal's stop signals keep their meaning.
  public static let forwardable = SignalSet(
    (1...64).filter {
      ![SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGTTIN, SIGTTOU, SIGTSTP].contains($0)
    })

  public init(arrayLiteral elements: Int32...) { self.init(elements) }

  public static let hangUp = SIGHUP
  public static let interrupt = SIGINT
  public static let quit = SIGQUIT
  public static let kill = SIGKILL
  public static let user1 = SIGUSR1
  public static let pipe = SIGPIPE
  public static let terminate = SIGTERM
  public static let abort = SIGABRT
  public static let segmentationFault = SIGSEGV
  public static let badSystemCall = SIGSYS
  public static let child = SIGCHLD
  public static let windowChange = SIGWINCH

  /// Ignores the signal in this process, or gives it back its default action.
  public static func ignore(_ signal: Int32, _ ignore: Bool = true) throws(SystemError) {
    try check(clinux_ignore_signal(signal, ignore ? 1 : 0), "signal", "\(signal)")
  }
}
