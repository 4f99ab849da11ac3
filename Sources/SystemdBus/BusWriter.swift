/// Values as bytes, little-endian (D-Bus Specification, "Marshaling").
struct BusWriter {
  private(set) var bytes: [UInt8] = []

  mutating func align(_ size: Int) {
    while !bytes.count.isMultiple(of: size) { bytes.append(0) }
  }

  mutating func append(raw more: [UInt8]) { bytes += more }

  private mutating func number<Number: FixedWidthInteger>(_ number: Number) {
    let size = Number.bitWidth / 8
    align(size)
    for index in 0..<size { bytes.append(UInt8(truncatingIfNeeded: number >> (8 * index))) }
  }

  private mutating func text(_ text: String) {
    number(UInt32(truncatingIfNeeded: text.utf8.count))
    bytes += text.utf8
    bytes.append(0)
  }

  private mutating func signature(_ text: String) {
    bytes.append(UInt8(truncatingIfNeeded: text.utf8.count))
    bytes += text.utf8
    bytes.append(0)
  }

  mutating func append(_ value: BusValue) {
    switch value {
    case .byte(let byte): bytes.append(byte)
    case .bool(let flag): number(UInt32(flag ? 1 : 0))
    case .int16(let value): number(value)
    case .uint16(let value): number(value)
    case .int32(let value): number(value)
    case .uint32(let value): number(value)
    case .int64(let value): number(value)
    case .uint64(let value): number(value)
    case .double(let value): number(value.bitPattern)
    case .string(let value), .objectPath(let value): text(value)
    case .signature(let value): signature(value)
    case .array(let element, let values): array(element, values)
    case .structure(let members):
      align(8)
      for member in members { append(member) }
    case .entry(let key, let value):
      align(8)
      append(key)
      append(value)
    case .variant(let value):
      signature(value.signature)
      append(value)
    }
  }

  /// The length counts the elements alone, not the padding before the first.
  private mutating func array(_ element: String, _ values: [BusValue]) {
    number(UInt32(0))
    let place = bytes.count - 4
    align(alignment(of: element.utf8.first ?? 0))
    let start = bytes.count
    for value in values { append(value) }
    let length = UInt32(truncatingIfNeeded: bytes.count - start)
    for index in 0..<4 {
      bytes[place + index] = UInt8(truncatingIfNeeded: length >> (8 * UInt32(index)))
    }
  }
}
