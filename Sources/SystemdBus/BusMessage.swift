/// One message of the bus (D-Bus Specification, "Message Protocol").
public struct BusMessage: Equatable, Sendable {
  public enum Kind: UInt8, Sendable {
    case call = 1
    case reply, failure, signal
  }

  public var kind = Kind.call
  /// Whoever sends a call with this does not wait for an answer.
  public var wantsNoReply = false
  public var serial: UInt32 = 0
  public var path: String?
  public var interface: String?
  public var member: String?
  public var errorName: String?
  public var replySerial: UInt32?
  public var destination: String?
  public var sender: String?
  public var body: [BusValue] = []

  public init(_ kind: Kind = .call) { self.kind = kind }

  /// A call of a method.
  public init(
    call member: String, of interface: String, on path: String, at destination: String,
    _ body: [BusValue] = []
  ) {
    self.member = member
    self.interface = interface
    self.path = path
    self.destination = destination
    self.body = body
  }

  public var encoded: [UInt8] {
    var content = BusWriter()
    for value in body { content.append(value) }
    var fields: [(UInt8, BusValue)] = []
    func field(_ code: UInt8, _ value: BusValue?) {
      if let value { fields.append((code, value)) }
    }
    field(1, path.map { .objectPath($0) })
    field(2, interface.map { .string($0) })
    field(3, member.map { .string($0) })
    field(4, errorName.map { .string($0) })
    field(5, replySerial.map { .uint32($0) })
    field(6, destination.map { .string($0) })
    field(7, sender.map { .string($0) })
    if !body.isEmpty { field(8, .signature(body.map(\.signature).joined())) }
    var header = BusWriter()
    header.append(raw: [UInt8(ascii: "l"), kind.rawValue, wantsNoReply ? 1 : 0, 1])
    header.append(.uint32(UInt32(truncatingIfNeeded: content.bytes.count)))
    header.append(.uint32(serial))
    header.append(
      .array(of: "(yv)", fields.map { .structure([.byte($0.0), .variant($0.1)]) }))
    header.align(8)
    return header.bytes + content.bytes
  }

  /// How long the message at the start of `bytes` is; nil while that cannot be told yet.
  static func length(_ bytes: ArraySlice<UInt8>) throws(BusError) -> Int? {
    guard bytes.count >= 16 else { return nil }
    let head = Array(bytes.prefix(16))
    guard head[0] == UInt8(ascii: "l") || head[0] == UInt8(ascii: "B") else {
      throw .malformed("message")
    }
    let big = head[0] == UInt8(ascii: "B")
    let word = { (at: Int) -> Int in
      (0..<4).reduce(0) { $0 << 8 | Int(head[at + (big ? $1 : 3 - $1)]) }
    }
    let (body, fields) = (word(4), word(12))
    guard body <= 1 << 24, fields <= 1 << 20 else { throw .malformed("length") }
    return 16 + (fields + 7) / 8 * 8 + body
  }

  /// Reads one whole message.
  init(_ bytes: [UInt8]) throws(BusError) {
    guard try Self.length(bytes[...]) == bytes.count, let kind = Kind(rawValue: bytes[1]) else {
      throw .malformed("message")
    }
    self.kind = kind
    let big = bytes[0] == UInt8(ascii: "B")
    wantsNoReply = bytes[2] & 1 != 0
    var reader = BusReader(bytes, from: 8, bigEndian: big)
    let header = try reader.values("ua(yv)")
    guard case .uint32(let serial) = header[0], case .array(_, let fields) = header[1] else {
      throw .malformed("header")
    }
    self.serial = serial
    var signature = ""
    for field in fields {
      guard case .structure(let pair) = field, case .byte(let code) = pair[0],
        case .variant(let value) = pair[1]
      else { throw .malformed("header") }
      if code == 8 { signature = value.text ?? "" } else { take(code, value) }
    }
    reader.align(8)
    body = try reader.values(signature)
  }

  private mutating func take(_ code: UInt8, _ value: BusValue) {
    switch code {
    case 1: path = value.text
    case 2: interface = value.text
    case 3: member = value.text
    case 4: errorName = value.text
    case 5: if case .uint32(let number) = value { replySerial = number }
    case 6: destination = value.text
    case 7: sender = value.text
    default: break
    }
  }
}
