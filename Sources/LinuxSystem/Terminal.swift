import CLinux
import Glibc

/// Terminals: sizes, raw mode and pseudo-terminals (termios(3), pty(7)).
public enum Terminal {
  /// Rows and columns; nil when `fd` is not a terminal.
  public static func size(_ fd: Int32) -> (rows: UInt16, columns: UInt16)? {
    var rows: UInt16 = 0
    var columns: UInt16 = 0
    return unsafe clinux_get_window_size(fd, &rows, &columns) < 0 ? nil : (rows, columns)
  }

  public static func setSize(_ fd: Int32, rows: UInt16, columns: UInt16) throws(SystemError) {
    try check(clinux_set_window_size(fd, rows, columns), "ioctl TIOCSWINSZ", "\(fd)")
  }

  /// The settings of a terminal, to be put back.
  public struct Settings: Sendable {
    fileprivate let bytes: [UInt8]
  }

  /// Switches to raw mode, returning the settings before (cfmakeraw(3)).
  public static func makeRaw(_ fd: Int32) throws(SystemError) -> Settings {
    var saved = [UInt8](repeating: 0, count: Int(CLINUX_TERMIOS_SIZE))
    try check(
      unsafe saved.withUnsafeMutableBufferPointer {
        guard let start = $0.baseAddress else { return -EINVAL }
        return unsafe clinux_make_raw(fd, start)
      }, "tcsetattr", "\(fd)")
    return Settings(bytes: saved)
  }

  /// Stops showing what is typed, returning the settings before (termios(3), ECHO).
  public static func hideInput(_ fd: Int32) throws(SystemError) -> Settings {
    var settings = termios()
    try check(unsafe tcgetattr(fd, &settings), "tcgetattr", "\(fd)")
    let saved = unsafe withUnsafeBytes(of: settings) { unsafe Array($0) }
    settings.c_lflag &= ~tcflag_t(ECHO)
    try check(unsafe tcsetattr(fd, TCSAFLUSH, &settings), "tcsetattr", "\(fd)")
    return Settings(bytes: saved)
  }

  public static func restore(_ fd: Int32, _ settings: Settings) throws(SystemError) {
    try check(
      unsafe settings.bytes.withUnsafeBufferPointer {
        guard let start = $0.baseAddress else { return -EINVAL }
        return unsafe clinux_restore_terminal(fd, start)
      }, "tcsetattr", "\(fd)")
  }

  /// A new pseudo-terminal: the master of the multiplexer at `path`, unlocked.
  public static func openMaster(_ path: String = "/dev/ptmx") throws(SystemError)
    -> OwnedDescriptor
  {
    OwnedDescriptor(owning: try check(unsafe clinux_open_ptmx(path), "open", path))
  }

  /// The terminal's side that belongs to `master`, opened without a path.
  public static func openPeer(of master: Int32) throws(SystemError) -> OwnedDescriptor {
    OwnedDescriptor(
      owning: try check(clinux_open_pty_peer(master, O_RDWR), "ioctl TIOCGPTPEER", "\(master)"))
  }
}
