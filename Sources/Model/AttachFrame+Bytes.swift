extension AttachFrame {
  /// The whole message.
  ///
  /// A payload must not be longer than `maximumPayload`.
  public var bytes: [UInt8] {
    let (kind, payload) = parts
    precondition(payload.count <= Self.maximumPayload)
    return Self.header(kind, length: payload.count) + payload
  }

  public static func header(_ kind: Kind, length: Int) -> [UInt8] {
    [kind.rawValue, 0, 0, 0] + littleEndian(UInt64(length), bytes: 4)
  }

  /// What a header says; nil when it is not one of ours.
  public static func parse(header: some Collection<UInt8>) -> (kind: Kind, length: Int)? {
    guard header.count == headerSize, let first = header.first, let kind = Kind(rawValue: first)
    else { return nil }
    let length = Int(integer(header.dropFirst(4)))
    return length <= maximumPayload ? (kind, length) : nil
  }

  /// A message from its parts; nil when the payload does not fit the kind.
  public init?(_ kind: Kind, payload: some Collection<UInt8>) {
    let number = Self.integer(payload.prefix(8))
    switch (kind, payload.count) {
    case (.attach, 1): self = .attach(AttachStreams(rawValue: UInt8(number)))
    case (.standardInput, _): self = .standardInput(Array(payload))
    case (.standardInputEnd, 0): self = .standardInputEnd
    case (.resize, 4):
      self = .resize(
        WindowSize(
          rows: UInt16(truncatingIfNeeded: number),
          columns: UInt16(truncatingIfNeeded: number >> 16)))
    case (.start, 0): self = .start
    case (.signal, 1): self = .signal(UInt8(number))
    case (.reopenLog, 0): self = .reopenLog
    case (.stop, 4): self = .stop(milliseconds: UInt32(number))
    case (.paused, 1): self = .paused(number != 0)
    case (.restartPolicy, _):
      guard let policy = RestartPolicy(String(decoding: payload, as: UTF8.self)) else {
        return nil
      }
      self = .restartPolicy(policy)
    case (.restart, 4): self = .restart(milliseconds: UInt32(number))
    case (.renamed, 1...): self = .renamed(String(decoding: payload, as: UTF8.self))
    case (.checkHealth, 1): self = .checkHealth(probing: number != 0)
    case (.healthOrder, _):
      guard let record = LineRecord(parsing: Array(payload)) else { return nil }
      self = .healthOrder(HealthOrder(record))
    case (.created, 4): self = .created(pid: Int32(truncatingIfNeeded: number))
    case (.started, 4): self = .started(pid: Int32(truncatingIfNeeded: number))
    case (.standardOutput, _): self = .standardOutput(Array(payload))
    case (.standardError, _): self = .standardError(Array(payload))
    case (.exit, 6):
      self = .exit(
        ExitCode(
          code: Int32(truncatingIfNeeded: number), signal: UInt8(number >> 32 & 0xFF),
          outOfMemory: number >> 40 != 0))
    case (.failure, _):
      guard let report = LineRecord(parsing: Array(payload)).flatMap(ErrorReport.init(_:)) else {
        return nil
      }
      self = .failure(report)
    case (.status, _):
      guard let record = LineRecord(parsing: Array(payload)) else { return nil }
      self = .status(record)
    case (.health, 4...):
      self = .health(
        HealthRecord.Status(rawValue: String(decoding: payload.dropFirst(4), as: UTF8.self)),
        code: Int32(truncatingIfNeeded: number))
    case (.lost, 8): self = .lost(bytes: number)
    default: return nil
    }
  }

  private var parts: (Kind, [UInt8]) {
    switch self {
    case .attach(let streams): (.attach, [streams.rawValue])
    case .standardInput(let data): (.standardInput, data)
    case .standardInputEnd: (.standardInputEnd, [])
    case .resize(let size):
      (.resize, Self.littleEndian(UInt64(size.columns) << 16 | UInt64(size.rows), bytes: 4))
    case .start: (.start, [])
    case .signal(let number): (.signal, [number])
    case .reopenLog: (.reopenLog, [])
    case .stop(let milliseconds): (.stop, Self.littleEndian(UInt64(milliseconds), bytes: 4))
    case .paused(let isPaused): (.paused, [isPaused ? 1 : 0])
    case .restartPolicy(let policy): (.restartPolicy, Array(policy.description.utf8))
    case .restart(let milliseconds):
      (.restart, Self.littleEndian(UInt64(milliseconds), bytes: 4))
    case .renamed(let name): (.renamed, Array(name.utf8))
    case .checkHealth(let probing): (.checkHealth, [probing ? 1 : 0])
    case .healthOrder(let order):
      (.healthOrder, Array((order?.fields ?? LineRecord()).text.utf8))
    case .created(let pid): (.created, Self.littleEndian(pid))
    case .started(let pid): (.started, Self.littleEndian(pid))
    case .standardOutput(let data): (.standardOutput, data)
    case .standardError(let data): (.standardError, data)
    case .exit(let end):
      (.exit, Self.littleEndian(end.code) + [end.signal, end.outOfMemory ? 1 : 0])
    case .failure(let report): (.failure, Array(report.record.text.utf8))
    case .status(let record): (.status, Array(record.text.utf8))
    case .health(let status, let code):
      (.health, Self.littleEndian(code) + Array((status?.rawValue ?? "").utf8))
    case .lost(let bytes): (.lost, Self.littleEndian(bytes, bytes: 8))
    }
  }

  private static func littleEndian(_ value: Int32) -> [UInt8] {
    littleEndian(UInt64(UInt32(bitPattern: value)), bytes: 4)
  }

  private static func littleEndian(_ value: UInt64, bytes: Int) -> [UInt8] {
    (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
  }

  private static func integer(_ bytes: some Sequence<UInt8>) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    for byte in bytes {
      value |= UInt64(byte) << shift
      shift += 8
    }
    return value
  }
}

/// Messages cut out of a byte stream that arrives in pieces.
public struct AttachFrameReader: Sendable {
  private var pending: [UInt8] = []
  /// The stream is not one of frames; nothing more can be read.
  public private(set) var isBroken = false

  public init() {}

  public mutating func append(_ bytes: some Sequence<UInt8>) { pending += bytes }

  /// The next whole message; nil when it is still incomplete, or the stream is broken.
  public mutating func next() -> AttachFrame? {
    guard !isBroken, pending.count >= AttachFrame.headerSize else { return nil }
    guard let header = AttachFrame.parse(header: pending[..<AttachFrame.headerSize]) else {
      isBroken = true
      return nil
    }
    let end = AttachFrame.headerSize + header.length
    guard pending.count >= end else { return nil }
    let frame = AttachFrame(header.kind, payload: pending[AttachFrame.headerSize..<end])
    pending.removeFirst(end)
    if frame == nil { isBroken = true }
    return frame
  }
}
