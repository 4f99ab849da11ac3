import CLinux
import Glibc

/// A kernel call that failed: which, on what, and why (errno(3)).
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The call's name in the manual, such as `openat2`.
  public let call: String
  /// The path, descriptor or name that it was applied to; empty when there is none.
  public let subject: String
  public let errno: Int32

  public init(_ call: String, _ subject: String, errno: Int32) {
    self.call = call
    self.subject = subject
    self.errno = errno
  }

  public var reason: String { SystemError.text(of: errno) }

  public var description: String {
    subject.isEmpty ? "\(call): \(reason)" : "\(call) \(subject): \(reason)"
  }

  public static func text(of code: Int32) -> String {
    guard let text = unsafe strerror(code) else { return "errno \(code)" }
    return unsafe String(cString: text).lowercasedFirst
  }
}

extension String {
  /// Error texts start in lower case; names such as "I/O error" keep their capitals.
  fileprivate var lowercasedFirst: String {
    guard let first, count > 1, self[index(after: startIndex)].isLowercase else { return self }
    return first.lowercased() + dropFirst()
  }
}

/// The numbers of errno(3) that other modules may ask about.
public enum Errno {
  public static let notPermitted = EPERM
  public static let noEntry = ENOENT
  public static let noProcess = ESRCH
  public static let interrupted = EINTR
  public static let ioError = EIO
  public static let noExec = ENOEXEC
  public static let badDescriptor = EBADF
  public static let again = EAGAIN
  public static let noMemory = ENOMEM
  public static let accessDenied = EACCES
  public static let busy = EBUSY
  public static let exists = EEXIST
  public static let crossDevice = EXDEV
  public static let noDevice = ENODEV
  public static let notDirectory = ENOTDIR
  public static let isDirectory = EISDIR
  public static let invalid = EINVAL
  public static let tooManyFiles = EMFILE
  public static let textBusy = ETXTBSY
  public static let noSpace = ENOSPC
  public static let readOnly = EROFS
  public static let brokenPipe = EPIPE
  public static let nameTooLong = ENAMETOOLONG
  public static let notImplemented = ENOSYS
  public static let notEmpty = ENOTEMPTY
  public static let loop = ELOOP
  public static let noData = ENODATA
  public static let notSupported = EOPNOTSUPP
  public static let messageTooLong = EMSGSIZE
  public static let noBuffers = ENOBUFS
  public static let connectionRefused = ECONNREFUSED
  public static let connectionReset = ECONNRESET
  public static let quota = EDQUOT
  public static let addressInUse = EADDRINUSE
  public static let addressNotAvailable = EADDRNOTAVAIL
  public static let noAddressFamily = EAFNOSUPPORT
  public static let noChild = ECHILD
}

/// A call's result that is -errno when negative, as every function of CLinux gives it.
@discardableResult
func check<Result: SignedInteger>(
  _ result: Result, _ call: String, _ subject: @autoclosure () -> String = ""
) throws(SystemError) -> Result {
  guard result >= 0 else { throw SystemError(call, subject(), errno: Int32(-result)) }
  return result
}

/// A call's result that is -1 with errno set, as the C library gives it.
@discardableResult
func checkErrno<Result: SignedInteger>(
  _ result: Result, _ call: String, _ subject: @autoclosure () -> String = ""
) throws(SystemError) -> Result {
  guard result >= 0 else { throw SystemError(call, subject(), errno: errno) }
  return result
}
