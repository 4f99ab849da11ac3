import CLinux
import Glibc

/// Installing a seccomp filter program (seccomp(2)).
public enum SystemCallFilter {
  /// Flags of SECCOMP_SET_MODE_FILTER.
  public struct Flags: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static let log = Flags(rawValue: 2)
    public static let speculationAllowed = Flags(rawValue: 4)
    public static let newListener = Flags(rawValue: 8)
    public static let waitKillable = Flags(rawValue: 32)
  }

  @unsafe private struct Program {
    var length: UInt16
    var instructions: UnsafePointer<UInt8>?
  }

  /// Installs `program`, an array of struct sock_filter (8 bytes each).
  ///
  /// Needs no_new_privs or CAP_SYS_ADMIN. With `newListener` the notification descriptor is
  /// returned.
  @discardableResult
  public static func install(_ program: [UInt8], flags: Flags = []) throws(SystemError) -> Int32 {
    let length = UInt16(exactly: program.count / 8)
    guard let length, length > 0, program.count % 8 == 0 else {
      throw SystemError("seccomp", "\(program.count) bytes", errno: EINVAL)
    }
    let result = unsafe program.withUnsafeBufferPointer { bytes in
      var header = unsafe Program(length: length, instructions: bytes.baseAddress)
      return unsafe withUnsafeMutablePointer(to: &header) {
        unsafe clinux_seccomp(1, flags.rawValue, UnsafeMutableRawPointer($0))
      }
    }
    return try check(result, "seccomp", "\(length) instructions")
  }

  /// Whether the kernel knows flags: it looks at them before it misses a program.
  public static func isAvailable(flags: Flags) -> Bool {
    // That goes with a listener alone.
    let flags = flags.contains(.waitKillable) ? flags.union(.newListener) : flags
    return clinux_seccomp(1, flags.rawValue, nil) == -EFAULT
  }

  /// Whether the kernel knows an action such as SECCOMP_RET_KILL_PROCESS.
  public static func isAvailable(action: UInt32) -> Bool {
    var action = action
    return unsafe withUnsafeMutablePointer(to: &action) {
      unsafe clinux_seccomp(2, 0, UnsafeMutableRawPointer($0)) >= 0
    }
  }
}
