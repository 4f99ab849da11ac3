public import LinuxSystem

/// A connection to a message bus, or straight to a service, over a Unix socket.
///
/// Calls block, with a limit; signals that come meanwhile are kept.
public struct BusConnection: ~Copyable {
  /// Milliseconds that an answer may take.
  public var patience: Int64 = 25_000
  private let socket: OwnedDescriptor
  private var serial: UInt32 = 0
  private var input: [UInt8] = []
  private var signals: [BusMessage] = []

  /// Logs in on a connected stream socket.
  ///
  /// The peer sees who we are (SO_PEERCRED), also from inside a user namespace, so no id is sent
  /// (EXTERNAL with an empty answer). Everything goes out before anything is read: one round trip.
  /// With `broker` a bus is at the other end, which gives every peer a name.
  public init(owning socket: consuming OwnedDescriptor, broker: Bool) throws(BusError) {
    self.socket = socket
    try write(Array("\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n".utf8))
    if broker {
      let name = "org.freedesktop.DBus"
      try post(BusMessage(call: "Hello", of: name, on: "/org/freedesktop/DBus", at: name))
    }
    let deadline = Clock.monotonic() + patience * 1_000_000
    while true {
      let line = try self.line(deadline)
      if line == "DATA" || line == "DATA " { continue }
      if line.hasPrefix("OK") { break }
      throw .refused(line)
    }
    if broker { _ = try answer(to: serial, "Hello") }
  }

  private func write(_ bytes: [UInt8]) throws(BusError) {
    do throws(SystemError) { try UnixSocket.send(socket.raw, bytes, descriptors: []) } catch {
      throw .system("write to the bus", error)
    }
  }

  private mutating func fill(_ deadline: Int64, _ step: String) throws(BusError) {
    let left = max(0, (deadline - Clock.monotonic()) / 1_000_000)
    let more: [UInt8]?
    do throws(SystemError) {
      more =
        try Descriptor.waitReadable(socket.raw, milliseconds: Int32(clamping: left))
        ? try Descriptor.read(socket.raw, upTo: 16_384) : nil
    } catch { throw .system("read from the bus", error) }
    guard let more else { throw .timedOut(step) }
    guard !more.isEmpty else {
      throw .system(step, SystemError("read", "the bus", errno: Errno.connectionReset))
    }
    input += more
  }

  private mutating func line(_ deadline: Int64) throws(BusError) -> String {
    while true {
      if let end = input.firstIndex(of: 0x0A) {
        defer { input.removeFirst(end + 1) }
        return String(decoding: input[..<end].filter { $0 != 0x0D }, as: UTF8.self)
      }
      guard input.count < 4_096 else { throw .malformed("greeting") }
      try fill(deadline, "log in")
    }
  }

  private mutating func next(_ deadline: Int64, _ step: String) throws(BusError) -> BusMessage {
    while true {
      if let length = try BusMessage.length(input[...]), length <= input.count {
        let bytes = Array(input.prefix(length))
        input.removeFirst(length)
        return try BusMessage(bytes)
      }
      try fill(deadline, step)
    }
  }

  /// Sends a message and gives its serial number.
  @discardableResult
  public mutating func post(_ message: BusMessage) throws(BusError) -> UInt32 {
    serial += 1
    var message = message
    message.serial = serial
    try write(message.encoded)
    return serial
  }

  /// Calls a method and waits for its answer.
  public mutating func call(_ message: BusMessage) throws(BusError) -> [BusValue] {
    try answer(to: try post(message), message.member ?? "call")
  }

  /// The answer to the call with this serial.
  private mutating func answer(to serial: UInt32, _ step: String) throws(BusError) -> [BusValue] {
    let deadline = Clock.monotonic() + patience * 1_000_000
    while true {
      let message = try next(deadline, step)
      switch message.kind {
      case .signal: signals.append(message)
      case .reply where message.replySerial == serial: return message.body
      case .failure where message.replySerial == serial:
        throw .remote(name: message.errorName ?? "", message.body.first?.text ?? "no reason given")
      case .call, .reply, .failure: continue
      }
    }
  }

  /// The first signal for which `wanted` has a result, kept or yet to come.
  public mutating func signal<Result>(_ step: String, _ wanted: (BusMessage) -> Result?)
    throws(BusError) -> Result
  {
    for message in signals { if let result = wanted(message) { return result } }
    let deadline = Clock.monotonic() + patience * 1_000_000
    while true {
      let message = try next(deadline, step)
      if message.kind == .signal, let result = wanted(message) { return result }
    }
  }
}
