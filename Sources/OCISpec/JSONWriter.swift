extension JSONValue {
  /// The document without spaces, or indented by two for people.
  public func encoded(pretty: Bool = false) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(4_096)
    write(into: &out, indent: pretty ? 0 : nil)
    return out
  }

  private func write(into out: inout [UInt8], indent: Int?) {
    switch self {
    case .null: out += Array("null".utf8)
    case .bool(let value): out += Array((value ? "true" : "false").utf8)
    case .integer(let value): out += Array(String(value).utf8)
    case .unsigned(let value): out += Array(String(value).utf8)
    case .number(let value): out += Array(String(value).utf8)
    case .string(let value): Self.write(value, into: &out)
    case .array(let values):
      Self.list(values, open: 0x5B, close: 0x5D, into: &out, indent: indent) { value, out, inner in
        value.write(into: &out, indent: inner)
      }
    case .object(let object):
      Self.list(object.members, open: 0x7B, close: 0x7D, into: &out, indent: indent) {
        member, out, inner in
        Self.write(member.key, into: &out)
        out.append(0x3A)
        if inner != nil { out.append(0x20) }
        member.value.write(into: &out, indent: inner)
      }
    }
  }

  private static func list<Item>(
    _ items: [Item], open: UInt8, close: UInt8, into out: inout [UInt8], indent: Int?,
    _ each: (Item, inout [UInt8], Int?) -> Void
  ) {
    out.append(open)
    let inner = indent.map { $0 + 2 }
    for (index, item) in items.enumerated() {
      if index > 0 { out.append(0x2C) }
      newLine(inner, into: &out)
      each(item, &out, inner)
    }
    if !items.isEmpty { newLine(indent, into: &out) }
    out.append(close)
  }

  private static func newLine(_ indent: Int?, into out: inout [UInt8]) {
    guard let indent else { return }
    out.append(0x0A)
    out += [UInt8](repeating: 0x20, count: indent)
  }

  private static func write(_ text: String, into out: inout [UInt8]) {
    out.append(0x22)
    for byte in text.utf8 {
      switch byte {
      case 0x22, 0x5C: out += [0x5C, byte]
      case 0x0A: out += [0x5C, 0x6E]
      case 0x0D: out += [0x5C, 0x72]
      case 0x09: out += [0x5C, 0x74]
      case 0..<0x20:
        let hex = Array("0123456789abcdef".utf8)
        out += [0x5C, 0x75, 0x30, 0x30, hex[Int(byte >> 4)], hex[Int(byte & 15)]]
      default: out.append(byte)
      }
    }
    out.append(0x22)
  }
}
