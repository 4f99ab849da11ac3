import CLinux
import Glibc

/// A file descriptor that closes itself (open(2)).
///
/// Always close-on-exec unless made inheritable.
public struct OwnedDescriptor: ~Copyable, Sendable {
  /// The descriptor's number, valid while this value lives.
  public let raw: Int32

  /// Takes ownership of `raw`.
  public init(owning raw: Int32) { self.raw = raw }

  deinit { Glibc.close(raw) }

  /// Hands the descriptor over: it is now the caller's to close.
  public consuming func release() -> Int32 {
    let number = raw
    discard self
    return number
  }

  /// Flags of open(2), combined by union.
  public struct OpenFlags: OptionSet, Sendable {
    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
    public static let readOnly = OpenFlags([])
    public static let writeOnly = OpenFlags(rawValue: O_WRONLY)
    public static let readWrite = OpenFlags(rawValue: O_RDWR)
    public static let create = OpenFlags(rawValue: O_CREAT)
    public static let exclusive = OpenFlags(rawValue: O_EXCL)
    public static let truncate = OpenFlags(rawValue: O_TRUNC)
    public static let append = OpenFlags(rawValue: O_APPEND)
    public static let directory = OpenFlags(rawValue: O_DIRECTORY)
    public static let noFollow = OpenFlags(rawValue: O_NOFOLLOW)
    public static let nonBlocking = OpenFlags(rawValue: O_NONBLOCK)
    public static let path = OpenFlags(rawValue: CLINUX_O_PATH)
  }

  /// The working directory, as a directory argument of the *at(2) calls.
  public static let workingDirectory: Int32 = AT_FDCWD

  /// Opens `path` (relative to `directory`, a descriptor), close-on-exec and without making a
  /// terminal the controlling one.
  public static func open(
    _ path: String, _ flags: OpenFlags = .readOnly, mode: UInt32 = 0o600,
    in directory: Int32 = workingDirectory
  ) throws(SystemError) -> OwnedDescriptor {
    OwnedDescriptor(
      owning: try check(
        unsafe clinux_openat(directory, path, flags.rawValue | O_CLOEXEC | O_NOCTTY, mode),
        "open", path))
  }

  /// A pipe's two ends, both close-on-exec (pipe(2)).
  public static func pipe(nonBlocking: Bool = false) throws(SystemError) -> Pipe {
    var ends: (Int32, Int32) = (-1, -1)
    let flags = O_CLOEXEC | (nonBlocking ? O_NONBLOCK : 0)
    try check(unsafe clinux_pipe2(flags, &ends.0, &ends.1), "pipe2")
    return Pipe(
      readEnd: OwnedDescriptor(owning: ends.0), writeEnd: OwnedDescriptor(owning: ends.1))
  }

  /// A counter that is readable once something was added to it, close-on-exec and non-blocking
  /// (eventfd(2)).
  public static func eventCounter() throws(SystemError) -> OwnedDescriptor {
    OwnedDescriptor(owning: try check(clinux_eventfd(0, O_CLOEXEC | O_NONBLOCK), "eventfd"))
  }

  public struct Pipe: ~Copyable {
    public var readEnd: OwnedDescriptor
    public var writeEnd: OwnedDescriptor

    /// Splits the pair into two owners.
    public consuming func split<Result: ~Copyable>(
      _ body: (consuming OwnedDescriptor, consuming OwnedDescriptor) -> Result
    ) -> Result { body(readEnd, writeEnd) }
  }

  /// Another number for the same open file, at least `minimum`, close-on-exec.
  public func duplicate(minimum: Int32 = 3) throws(SystemError) -> OwnedDescriptor {
    OwnedDescriptor(owning: try check(clinux_dup_cloexec(raw, minimum), "dup", "\(raw)"))
  }

  /// Clears (or sets) close-on-exec.
  public func setInheritable(_ inheritable: Bool) throws(SystemError) {
    try check(clinux_set_fd_flags(raw, inheritable ? 0 : FD_CLOEXEC), "fcntl F_SETFD", "\(raw)")
  }

  public func setNonBlocking(_ on: Bool) throws(SystemError) {
    try Descriptor.setNonBlocking(raw, on)
  }
}

/// Calls on a descriptor that is owned elsewhere: standard streams, or a borrowed number.
public enum Descriptor {
  public static let standardInput: Int32 = 0
  public static let standardOutput: Int32 = 1
  public static let standardError: Int32 = 2

  public static func setNonBlocking(_ fd: Int32, _ on: Bool) throws(SystemError) {
    let flags = try check(clinux_get_status_flags(fd), "fcntl F_GETFL", "\(fd)")
    let wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK
    if wanted != flags { try check(clinux_set_status_flags(fd, wanted), "fcntl F_SETFL", "\(fd)") }
  }

  /// Whether the number is an open descriptor.
  public static func isOpen(_ fd: Int32) -> Bool { clinux_get_fd_flags(fd) >= 0 }

  public static func close(_ fd: Int32) { Glibc.close(fd) }

  /// Makes `target` a copy of `fd` that is inherited over execve(2) (dup2(2)).
  public static func replace(_ target: Int32, with fd: Int32) throws(SystemError) {
    guard target != fd else {
      try check(clinux_set_fd_flags(fd, 0), "fcntl F_SETFD", "\(fd)")
      return
    }
    try check(clinux_dup3(fd, target, 0), "dup3", "\(fd) to \(target)")
  }

  /// Reads at most `count` bytes.
  ///
  /// Empty at the end of the file. EINTR is retried (read(2)).
  public static func read(_ fd: Int32, upTo count: Int) throws(SystemError) -> [UInt8] {
    var failure: Int32 = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
      var n: Int
      repeat { n = unsafe Glibc.read(fd, buffer.baseAddress, count) } while n < 0 && errno == EINTR
      if n < 0 { failure = errno } else { used = n }
    }
    if failure != 0 { throw SystemError("read", "\(fd)", errno: failure) }
    return bytes
  }

  /// Reads into the start of `buffer`, returning the count; 0 at the end of the file.
  public static func read(_ fd: Int32, into buffer: inout [UInt8]) throws(SystemError) -> Int {
    var n: Int
    let room = buffer.count
    repeat {
      n = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(fd, $0.baseAddress, room) }
    } while n < 0 && errno == EINTR
    return try checkErrno(n, "read", "\(fd)")
  }

  /// Everything up to the end of the file, or an EFBIG error past `limit` bytes.
  public static func readAll(_ fd: Int32, limit: Int = 1 << 26) throws(SystemError) -> [UInt8] {
    var all: [UInt8] = []
    while true {
      let part = try read(fd, upTo: 65_536)
      if part.isEmpty { return all }
      all += part
      if all.count > limit { throw SystemError("read", "\(fd)", errno: EFBIG) }
    }
  }

  /// The whole of a regular file, which ends where a read is short (read(2)).
  ///
  /// Meant for small ones, which it reads with one call.
  public static func readRegular(_ fd: Int32, limit: Int = 1 << 26) throws(SystemError) -> [UInt8] {
    // Of 1 kB and more malloc(3) puts its free pieces together first, a tenth of the time of `ps`.
    var start: [UInt8] = []
    for room in [960, 8_192] {
      let part = try read(fd, upTo: room)
      if start.isEmpty { start = part } else { start += part }
      if part.count < room { return start }
    }
    return start + (try readAll(fd, limit: limit - start.count))
  }

  /// Writes as much as the kernel takes in one call, starting at `offset`; the count written.
  public static func write(
    _ fd: Int32, _ bytes: [UInt8], from offset: Int = 0, count: Int? = nil
  ) throws(SystemError) -> Int {
    let length = count ?? bytes.count - offset
    precondition(offset >= 0 && length >= 0 && offset + length <= bytes.count)
    var n: Int
    repeat {
      n = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.write(fd, $0.baseAddress?.advanced(by: offset), length)
      }
    } while n < 0 && errno == EINTR
    return try checkErrno(n, "write", "\(fd)")
  }

  /// Writes all bytes to a blocking descriptor (write(2) until done).
  public static func writeAll(_ fd: Int32, _ bytes: [UInt8]) throws(SystemError) {
    var done = 0
    while done < bytes.count { done += try write(fd, bytes, from: done) }
  }

  public static func writeAll(_ fd: Int32, _ text: String) throws(SystemError) {
    try writeAll(fd, Array(text.utf8))
  }

  public static func sync(_ fd: Int32) throws(SystemError) {
    try checkErrno(Glibc.fsync(fd), "fsync", "\(fd)")
  }

  /// Whether the descriptor is a terminal (isatty(3)).
  public static func isTerminal(_ fd: Int32) -> Bool { clinux_is_terminal(fd) == 1 }

  /// Waits until `fd` is readable or hung up; false after `timeout` milliseconds (-1: for ever).
  public static func waitReadable(_ fd: Int32, milliseconds: Int32) throws(SystemError) -> Bool {
    try check(clinux_poll(fd, Int16(POLLIN), milliseconds), "poll", "\(fd)") != 0
  }
}

extension Optional where Wrapped == OwnedDescriptor {
  /// The number of the one that there is; `?.raw` would consume it.
  public var number: Int32? {
    switch self {
    case .some(let descriptor): descriptor.raw
    case .none: nil
    }
  }
}
