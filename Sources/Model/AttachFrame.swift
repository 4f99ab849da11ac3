/// Streams of a container that a client can be attached to.
public struct AttachStreams: OptionSet, Equatable, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }
  public static let standardInput = AttachStreams(rawValue: 1)
  public static let standardOutput = AttachStreams(rawValue: 2)
  public static let standardError = AttachStreams(rawValue: 4)
}

/// One message between a monitor and a client: 8 bytes of header (type u8, flags u8, reserved u16,
/// payload length u32, all little-endian) and at most 64 kB of payload.
///
/// A client first sends `attach`; until then it is told nothing (the sync socket counts as attached
/// from the start). To `attach` the monitor answers with `status`.
public enum AttachFrame: Equatable, Sendable {
  // From client to monitor.
  case attach(AttachStreams)
  case standardInput([UInt8])
  case standardInputEnd
  case resize(WindowSize)
  case start
  /// To be sent to the container's init. The stop signal and SIGKILL end its restart policy.
  case signal(UInt8)
  /// Opens the log file again by its name (after somebody renamed it).
  case reopenLog
  /// The stop signal, then SIGKILL after this many milliseconds.
  case stop(milliseconds: UInt32)
  /// The client has frozen the container's processes, or thawed them.
  case paused(Bool)
  /// As `stop`, but the container is started again, by the same monitor.
  case restart(milliseconds: UInt32)
  /// The container's new name.
  case renamed(String)
  /// Another policy for the ends to come.
  case restartPolicy(RestartPolicy)
  /// Asks for the container's health: the monitor writes its `HealthRecord` to `health` in the run
  /// directory and answers with `health`; after a probe, if one is wanted.
  case checkHealth(probing: Bool)
  /// Looks after the container's health so from now on; nil: not at all. The descriptions of the
  /// processes are in the bundle.
  case healthOrder(HealthOrder?)

  // From monitor to client.
  case created(pid: Int32)
  case started(pid: Int32)
  case standardOutput([UInt8])
  case standardError([UInt8])
  case exit(ExitCode)
  case failure(ErrorReport)
  /// A `LiveRecord`'s text.
  case status(LineRecord)
  /// The state of the container's health (nil: it has no check), and the exit code of the probe that
  /// was asked for.
  case health(HealthRecord.Status?, code: Int32)
  /// Bytes of output that a client was too slow for.
  case lost(bytes: UInt64)

  /// How the container ended: its exit code (128 + signal when killed), the signal or 0.
  public struct ExitCode: Equatable, Sendable {
    public var code: Int32
    public var signal: UInt8
    public var outOfMemory: Bool

    public init(code: Int32, signal: UInt8 = 0, outOfMemory: Bool = false) {
      self.code = code
      self.signal = signal
      self.outOfMemory = outOfMemory
    }
  }

  public static let headerSize = 8
  public static let maximumPayload = 65_536

  /// The type byte of a frame.
  public enum Kind: UInt8, Sendable {
    case attach = 1, standardInput, standardInputEnd, resize, start, signal, reopenLog, stop
    case paused = 32
    case checkHealth = 33, restartPolicy, restart, renamed, healthOrder
    case created = 65, started, standardOutput, standardError, exit, failure, status, lost
    case health = 96
  }
}
