public import LinuxSystem
public import Model

/// Why an archive cannot be read, unpacked or written.
public enum ArchiveError: Error, Equatable, Sendable {
  /// What is wrong, and the entry where it is, if that is known.
  case malformed(String, entry: String?)
  /// The archive ended in the middle of something.
  case truncated
  /// An entry that would leave the directory it is unpacked into.
  case escapes(entry: String, reason: String)
  /// More than we are willing to unpack.
  case tooMuch(String)
  case unsupported(String)
  /// The compressed data cannot be decompressed.
  case compression(String)
  /// An owner that the user namespace has no id for.
  case unmappedOwner(uid: UInt32, gid: UInt32, entry: String)
  case digestMismatch(what: String, expected: Digest, found: Digest)
  /// A file operation failed while unpacking this entry.
  case entry(String, SystemError)
  case system(SystemError)
  /// What feeds the archive failed; the report is its own.
  case source(ErrorReport)
}

extension ArchiveError: ReportableError {
  public var report: ErrorReport {
    switch self {
    case .malformed(let reason, let entry):
      ErrorReport(
        .invalidRequest, "the archive is malformed\(Self.place(entry)): \(reason)",
        hint: "get it again from where it came, or build the image again")
    case .truncated:
      ErrorReport(
        .invalidRequest, "the archive is truncated", hint: "copy or download it again")
    case .escapes(let entry, let reason):
      ErrorReport(
        .invalidRequest,
        "refusing the archive: entry \(Self.quoted(entry)) \(reason)",
        hint: "do not use this image: its archive was made to write outside its directory")
    case .tooMuch(let what):
      ErrorReport(
        .invalidRequest, "refusing the archive: \(what)",
        hint: "do not use this image: it looks made to fill the disk")
    case .unsupported(let what):
      ErrorReport(.invalidRequest, "\(what) is not supported")
    case .compression(let reason):
      ErrorReport(
        .invalidRequest, "cannot decompress the archive: \(reason)",
        hint: "copy or download it again")
    case .unmappedOwner(let uid, let gid, let entry):
      ErrorReport(
        .notPermitted,
        "\(Self.quoted(entry)) belongs to \(uid):\(gid), which has no id in your user namespace",
        hint: "give your user a longer range in /etc/subuid and /etc/subgid (at least "
          + "\(UInt64(max(uid, gid)) + 1) ids): usermod --add-subuids FIRST-LAST "
          + "--add-subgids FIRST-LAST USER")
    case .digestMismatch(let what, let expected, let found):
      ErrorReport(
        .invalidRequest, "\(what) has digest \(found), not \(expected)",
        hint: "it was damaged or replaced on its way: try again, or ask its publisher")
    case .entry(let entry, let error): Self.report(error, of: Self.quoted(entry))
    case .system(let error): Self.report(error, of: "the archive")
    case .source(let report): report
    }
  }

  private static func place(_ entry: String?) -> String {
    entry.map { " at \(quoted($0))" } ?? ""
  }

  private static func quoted(_ name: String) -> String { String(name.prefix(256)).debugDescription }

  private static func report(_ error: SystemError, of subject: String) -> ErrorReport {
    switch error.errno {
    case Errno.noSpace, Errno.quota:
      ErrorReport(
        .unavailable, "cannot write \(subject): \(error.reason)",
        hint: "free some space, for example with: martlet image prune")
    case Errno.accessDenied, Errno.notPermitted, Errno.readOnly:
      ErrorReport(.notPermitted, "cannot write \(subject): \(error)")
    default: ErrorReport(.unavailable, "cannot write \(subject): \(error)")
    }
  }
}

/// Runs kernel calls whose failure belongs to an entry of the archive.
func at<Result: ~Copyable>(
  _ entry: RawPath, _ body: () throws(SystemError) -> Result
) throws(ArchiveError) -> Result {
  do throws(SystemError) { return try body() } catch { throw .entry(entry.text, error) }
}

func kernel<Result: ~Copyable>(
  _ body: () throws(SystemError) -> Result
) throws(ArchiveError) -> Result {
  do throws(SystemError) { return try body() } catch { throw .system(error) }
}
