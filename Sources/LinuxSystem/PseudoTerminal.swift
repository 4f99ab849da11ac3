import CLinux
import Glibc

/// A pseudoterminal's two sides (pty(7)).
public struct PseudoTerminal: ~Copyable, Sendable {
  public let master: OwnedDescriptor
  public let peer: OwnedDescriptor
  /// The N of /dev/pts/N.
  public let number: Int32

  /// A new pair from the multiplexer that `multiplexer` is open on (O_PATH is enough).
  public init(multiplexer: Int32) throws(SystemError) {
    let opened = OwnedDescriptor(
      owning: try check(
        unsafe clinux_open_ptmx("/proc/self/fd/\(multiplexer)"), "open", "ptmx"))
    let other = OwnedDescriptor(
      owning: try check(clinux_open_pty_peer(opened.raw, O_RDWR), "ioctl TIOCGPTPEER"))
    number = try check(clinux_pty_number(opened.raw), "ioctl TIOCGPTN")
    master = opened
    peer = other
  }

  /// Hands both sides over: they are the caller's to close.
  public consuming func release() -> (master: Int32, peer: Int32) {
    (master.release(), peer.release())
  }

  public static func setSize(_ terminal: Int32, rows: UInt16, columns: UInt16)
    throws(SystemError)
  {
    try check(clinux_set_window_size(terminal, rows, columns), "ioctl TIOCSWINSZ")
  }

  /// The size of the first standard stream that is a terminal; nil when none is.
  public static var standardSize: (rows: UInt16, columns: UInt16)? {
    for fd in Int32(0)...2 {
      if let size = size(fd) { return size }
    }
    return nil
  }

  /// Nil when the descriptor is not a terminal.
  public static func size(_ terminal: Int32) -> (rows: UInt16, columns: UInt16)? {
    var rows: UInt16 = 0
    var columns: UInt16 = 0
    guard unsafe clinux_get_window_size(terminal, &rows, &columns) >= 0 else { return nil }
    return (rows, columns)
  }

  /// Passes newlines on as they are: none gets a carriage return before it (termios(3), ONLCR).
  public static func keepNewlines(_ fd: Int32) throws(SystemError) {
    try check(clinux_keep_newlines(fd), "tcsetattr", "\(fd)")
  }

  /// Makes the terminal the caller's controlling one; the caller leads a session (TIOCSCTTY).
  public static func makeControlling(_ terminal: Int32) throws(SystemError) {
    try check(clinux_set_controlling_terminal(terminal), "ioctl TIOCSCTTY")
  }

  /// Settings to give back with `restore`.
  public struct Settings: Sendable { fileprivate var bytes: [UInt8] }

  /// Passes bytes through unchanged from now on (cfmakeraw(3)); the settings before.
  ///
  /// `input`: false leaves keys their meaning (interrupt, line editing).
  public static func makeRaw(_ terminal: Int32, input: Bool = true) throws(SystemError) -> Settings
  {
    var saved = [UInt8](repeating: 0, count: Int(CLINUX_TERMIOS_SIZE))
    try check(
      unsafe saved.withUnsafeMutableBufferPointer {
        guard let start = $0.baseAddress else { return -EINVAL }
        return unsafe input
          ? clinux_make_raw(terminal, start) : clinux_make_output_raw(terminal, start)
      }, "tcsetattr", "\(terminal)")
    return Settings(bytes: saved)
  }

  /// Stops showing what is typed, returning the settings before (termios(3), ECHO).
  public static func hideInput(_ terminal: Int32) throws(SystemError) -> Settings {
    var settings = termios()
    try check(unsafe tcgetattr(terminal, &settings), "tcgetattr", "\(terminal)")
    let saved = unsafe withUnsafeBytes(of: settings) { unsafe Array($0) }
    settings.c_lflag &= ~tcflag_t(ECHO)
    try check(unsafe tcsetattr(terminal, TCSAFLUSH, &settings), "tcsetattr", "\(terminal)")
    return Settings(bytes: saved)
  }

  public static func restore(_ terminal: Int32, _ settings: Settings) throws(SystemError) {
    try check(
      unsafe settings.bytes.withUnsafeBufferPointer {
        guard let start = $0.baseAddress else { return -EINVAL }
        return unsafe clinux_restore_terminal(terminal, start)
      }, "tcsetattr", "\(terminal)")
  }
}
