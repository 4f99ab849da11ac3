import Events
import LinuxSystem
import Model

/// The container's log: a file, or the system's journal.
///
/// Whatever happens to it, the container never notices: records that cannot be written are counted,
/// and the count is written when the log takes records again.
final class LogWriter {
  private static let flushSize = 8_192

  private let log: MonitorOrder.Log
  private var file: OwnedDescriptor?
  private var journal: JournalSocket?
  private var size: Int64 = 0
  private var format: LogRecordFormat
  private var buffer: [UInt8] = []
  private var buffered = 0
  /// Records that found no room.
  private(set) var lost = 0
  private var lastError = SystemError("write", "", errno: 0)

  /// Opens the file, to be appended to; the journal may also come later.
  init(_ log: MonitorOrder.Log) throws(SystemError) {
    self.log = log
    format = LogRecordFormat(Self.kind(log))
    if log.driver.isFile { try open() }
    if log.driver == .journald { journal = JournalSocket(log.path) }
  }

  private var isKept: Bool { log.driver.isFile || log.driver == .journald }

  private static func kind(_ log: MonitorOrder.Log) -> LogRecordFormat.Kind {
    switch log.driver {
    case .jsonFile: .json(attributes: log.attributes)
    case .journald: .journal(fields: log.fields.flatMap { JournalSocket.field($0) })
    default: .k8s
    }
  }

  func write(_ bytes: ArraySlice<UInt8>, of stream: OutputStream) {
    guard isKept else { return }
    format.append(bytes, of: stream, at: Clock.realtime(), to: &buffer) { buffer in
      self.recordEnded(&buffer)
    }
    flush(&buffer)
  }

  /// Writes what still waits for its newline: the streams have ended.
  func finish() {
    guard isKept else { return }
    format.finish(at: Clock.realtime(), to: &buffer) { self.recordEnded(&$0) }
    flush(&buffer)
  }

  /// Opens the file by its name again, making it when somebody has renamed it.
  func reopen() {
    guard log.driver.isFile else { return }
    file = nil
    openOrRemember()
  }

  private func recordEnded(_ buffer: inout [UInt8]) {
    buffered += 1
    // A record of the journal is a datagram of its own.
    if journal != nil || buffer.count >= Self.flushSize { flush(&buffer) }
  }

  private func flush(_ buffer: inout [UInt8]) {
    guard buffered > 0 else { return }
    if let maximum = log.maximumSize, journal == nil, size > 0, size + Int64(buffer.count) > maximum
    {
      rotate()
    }
    if file == nil && journal == nil { openOrRemember() }
    if lost > 0 { noteLoss() }
    if lost > 0 || !put(buffer) { lost += buffered }
    buffered = 0
    buffer.removeAll(keepingCapacity: true)
  }

  /// Appends whole records or nothing: a torn record is cut off again.
  private func put(_ bytes: [UInt8]) -> Bool {
    if let journal {
      do throws(SystemError) {
        try journal.send(bytes, patient: lost == 0)
        return true
      } catch {
        lastError = error
        return false
      }
    }
    guard let fd = file?.raw else { return false }
    do throws(SystemError) {
      try Descriptor.writeAll(fd, bytes)
      size += Int64(bytes.count)
      return true
    } catch {
      lastError = error
      // Failure is fine: then the torn record stays, and readers skip what is not a record.
      try? Descriptor.truncate(fd, to: size)
      return false
    }
  }

  private func noteLoss() {
    let text = "martlet: \(lost) log records were lost: \(lastError.reason)\n"
    var note: [UInt8] = []
    var format = LogRecordFormat(Self.kind(log))
    format.append(Array(text.utf8)[...], of: .standardError, at: Clock.realtime(), to: &note) {
      _ in
    }
    if put(note) { lost = 0 }
  }

  private func open() throws(SystemError) {
    let opened = try OwnedDescriptor.open(log.path, [.writeOnly, .append, .create])
    size = try FileStatus.of(descriptor: opened.raw).size
    file = consume opened
  }

  private func openOrRemember() {
    do throws(SystemError) { try open() } catch { lastError = error }
  }

  /// PATH becomes PATH.1, that becomes PATH.2, and so on; the oldest is replaced.
  private func rotate() {
    file = nil
    do throws(SystemError) {
      if log.maximumFiles == 1 {
        try FileTree.unlinkIfPresent(log.path)
      } else {
        for number in stride(from: log.maximumFiles - 1, through: 1, by: -1) {
          let from = number == 1 ? log.path : "\(log.path).\(number - 1)"
          if FileTree.exists(from) { try FileTree.rename(from, to: "\(log.path).\(number)") }
        }
      }
    } catch {
      // The log grows past its limit rather than losing records.
      lastError = error
    }
    openOrRemember()
  }
}
