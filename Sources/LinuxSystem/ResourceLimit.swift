import CLinux
import Glibc

/// Resource limits of a process (getrlimit(2)).
public enum ResourceLimit {
  private static let names = [
    "CPU", "FSIZE", "DATA", "STACK", "CORE", "RSS", "NPROC", "NOFILE", "MEMLOCK", "AS", "LOCKS",
    "SIGPENDING", "MSGQUEUE", "NICE", "RTPRIO", "RTTIME",
  ]

  /// The number of `RLIMIT_NOFILE`; nil for an unknown name.
  public static func number(_ name: String) -> UInt32? {
    guard name.hasPrefix("RLIMIT_") else { return nil }
    return names.firstIndex(of: String(name.dropFirst(7))).map { UInt32($0) }
  }

  /// Every name, with its RLIMIT_ prefix.
  public static var all: [String] { names.map { "RLIMIT_" + $0 } }

  public static func set(_ resource: UInt32, soft: UInt64, hard: UInt64) throws(SystemError) {
    try check(
      clinux_prlimit(0, resource, soft, hard), "setrlimit",
      Int(resource) < names.count ? "RLIMIT_\(names[Int(resource)])" : "\(resource)")
  }

  public static func get(_ resource: UInt32) throws(SystemError) -> (soft: UInt64, hard: UInt64) {
    var soft: UInt64 = 0
    var hard: UInt64 = 0
    try check(unsafe clinux_getrlimit(resource, &soft, &hard), "getrlimit", "\(resource)")
    return (soft, hard)
  }

  /// Whether so few files may be open that a program that said nothing most likely lacked some.
  public static var allowsFewFiles: Bool { ((try? get(7))?.soft ?? .max) < 32 }

  /// Raises what this process may hold open to what it may ask for.
  public static func raiseOpenFiles() {
    var soft: UInt64 = 0
    var hard: UInt64 = 0
    // 7 is RLIMIT_NOFILE. Failure leaves the limit as it was, which only makes EMFILE likelier.
    guard unsafe clinux_getrlimit(7, &soft, &hard) == 0, soft < hard else { return }
    _ = clinux_prlimit(0, 7, min(hard, 65_536), hard)
  }
}

/// How the C library keeps memory that was freed (mallopt(3)).
public enum FreedMemory {
  /// Gives blocks of at least `bytes` back to the kernel at once when they are freed.
  ///
  /// Otherwise the library raises that limit with the first large block that is freed, and keeps all
  /// that are smaller from then on.
  public static func giveBack(from bytes: Int32) { clinux_give_back_from(bytes) }
}
