import Glibc

/// An extended regular expression (regex(7)), for ids that a command line describes.
@safe public final class Pattern {
  private var compiled = unsafe regex_t()

  public init(_ text: String) throws(SystemError) {
    // REG_EXTENDED, REG_NOSUB
    guard unsafe regcomp(&compiled, text, 1 | 8) == 0 else {
      throw SystemError("regcomp", text, errno: EINVAL)
    }
  }

  deinit { unsafe regfree(&compiled) }

  /// Whether it is found anywhere in the text.
  public func matches(_ text: String) -> Bool { unsafe regexec(&compiled, text, 0, nil, 0) == 0 }
}
