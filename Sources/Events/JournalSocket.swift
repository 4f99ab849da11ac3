public import LinuxSystem

/// The socket of the system's journal (systemd's native protocol, systemd-journald.service(8)).
///
/// A record is one datagram of `NAME=value` lines; one that is too big for a datagram goes as a sealed
/// file in memory.
public final class JournalSocket {
  public static let standardPath = "/run/systemd/journal/socket"
  /// How long a record waits for a journal that is behind: milliseconds.
  private static let patience = 20

  private let path: String
  private var socket: OwnedDescriptor?

  /// A socket at `path`; the standard one when that is empty.
  ///
  /// It is connected with the first record.
  public init(_ path: String) { self.path = path.isEmpty ? Self.standardPath : path }

  /// A field as the protocol spells it: with its length in binary when it holds a line break.
  public static func field(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    guard bytes.contains(0x0A), let equals = bytes.firstIndex(of: 0x3D) else {
      return bytes + [0x0A]
    }
    let value = bytes[(equals + 1)...]
    let length = (0..<8).map { UInt8(truncatingIfNeeded: value.count >> (8 * $0)) }
    return bytes[..<equals] + [0x0A] + length + value + [0x0A]
  }

  /// Sends one record; `patient` waits a moment for a journal that is behind.
  public func send(_ record: [UInt8], patient: Bool) throws(SystemError) {
    var attempt = 0
    while true {
      do throws(SystemError) {
        return try sendNow(record)
      } catch {
        let isFull = error.errno == Errno.again || error.errno == Errno.noBuffers
        guard isFull ? patient && attempt < Self.patience : attempt == 0 else { throw error }
        // A journal that was restarted has another socket under the name.
        if isFull { try Clock.pause(milliseconds: 1) } else { socket = nil }
        attempt += 1
      }
    }
  }

  private func sendNow(_ record: [UInt8]) throws(SystemError) {
    let target = try connected()
    do throws(SystemError) {
      try UnixSocket.send(target, record, descriptors: [])
    } catch {
      guard error.errno == Errno.messageTooLong || error.errno == Errno.noBuffers else {
        throw error
      }
      let file = try OwnedDescriptor.anonymousFile("journal-record", sealable: true)
      try Descriptor.writeAll(file.raw, record)
      try file.seal()
      try UnixSocket.send(target, [], descriptors: [file.raw])
    }
  }

  private func connected() throws(SystemError) -> Int32 {
    if let raw = socket?.raw { return raw }
    let made = try UnixSocket.connect(path: path, kind: .datagram)
    let raw = made.raw
    try Descriptor.setNonBlocking(raw, true)
    socket = consume made
    return raw
  }
}
