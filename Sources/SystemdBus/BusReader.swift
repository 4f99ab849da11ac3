/// Bytes as values; whatever they are, it ends with values or an error.
struct BusReader {
  private let bytes: [UInt8]
  private let isBigEndian: Bool
  private var position: Int

  init(_ bytes: [UInt8], from position: Int = 0, bigEndian: Bool = false) {
    self.bytes = bytes
    self.position = position
    isBigEndian = bigEndian
  }

  var offset: Int { position }

  mutating func align(_ size: Int) { position = (position + size - 1) / size * size }

  /// Values of every complete type in `signature`.
  mutating func values(_ signature: String) throws(BusError) -> [BusValue] {
    var types = Array(signature.utf8)[...]
    var found: [BusValue] = []
    while !types.isEmpty {
      let type = try Self.completeType(&types)
      found.append(try value(type, depth: 0))
    }
    return found
  }

  /// Takes the first complete type off `types`.
  private static func completeType(_ types: inout ArraySlice<UInt8>, depth: Int = 0)
    throws(BusError) -> ArraySlice<UInt8>
  {
    guard depth < 32, let first = types.first else { throw .malformed("signature") }
    let whole = types
    types.removeFirst()
    switch first {
    case UInt8(ascii: "a"): _ = try completeType(&types, depth: depth + 1)
    case UInt8(ascii: "("), UInt8(ascii: "{"):
      let end = first == UInt8(ascii: "(") ? UInt8(ascii: ")") : UInt8(ascii: "}")
      guard types.first != end else { throw .malformed("signature") }
      while types.first != end { _ = try completeType(&types, depth: depth + 1) }
      types.removeFirst()
    default:
      guard "ybnqiuxtdsogvh".utf8.contains(first) else { throw .malformed("signature") }
    }
    return whole[whole.startIndex..<types.startIndex]
  }

  private mutating func take(_ count: Int) throws(BusError) -> ArraySlice<UInt8> {
    guard count >= 0, position <= bytes.count, count <= bytes.count - position else {
      throw .malformed("length")
    }
    defer { position += count }
    return bytes[position..<(position + count)]
  }

  private mutating func number<Number: FixedWidthInteger & UnsignedInteger>(_: Number.Type)
    throws(BusError) -> Number
  {
    let size = Number.bitWidth / 8
    align(size)
    let part = try take(size)
    var result: Number = 0
    for byte in isBigEndian ? Array(part) : part.reversed() { result = result << 8 | Number(byte) }
    return result
  }

  private mutating func text(length: Int) throws(BusError) -> String {
    let part = try take(length)
    guard try take(1).first == 0 else { throw .malformed("string") }
    return String(decoding: part, as: UTF8.self)
  }

  private mutating func value(_ type: ArraySlice<UInt8>, depth: Int) throws(BusError) -> BusValue {
    guard depth < 64, let first = type.first else { throw .malformed("nesting") }
    switch first {
    case UInt8(ascii: "y"): return .byte(try take(1).first ?? 0)
    case UInt8(ascii: "b"): return .bool(try number(UInt32.self) != 0)
    case UInt8(ascii: "n"): return .int16(Int16(bitPattern: try number(UInt16.self)))
    case UInt8(ascii: "q"): return .uint16(try number(UInt16.self))
    case UInt8(ascii: "i"): return .int32(Int32(bitPattern: try number(UInt32.self)))
    case UInt8(ascii: "u"), UInt8(ascii: "h"): return .uint32(try number(UInt32.self))
    case UInt8(ascii: "x"): return .int64(Int64(bitPattern: try number(UInt64.self)))
    case UInt8(ascii: "t"): return .uint64(try number(UInt64.self))
    case UInt8(ascii: "d"): return .double(Double(bitPattern: try number(UInt64.self)))
    case UInt8(ascii: "s"): return .string(try text(length: Int(try number(UInt32.self))))
    case UInt8(ascii: "o"): return .objectPath(try text(length: Int(try number(UInt32.self))))
    case UInt8(ascii: "g"): return .signature(try text(length: Int(try number(UInt8.self))))
    default: return try container(type, depth)
    }
  }

  private mutating func container(_ type: ArraySlice<UInt8>, _ depth: Int) throws(BusError)
    -> BusValue
  {
    var inner = type.dropFirst()
    switch type.first {
    case UInt8(ascii: "v"):
      var types = Array(try text(length: Int(try number(UInt8.self))).utf8)[...]
      let only = try Self.completeType(&types)
      guard types.isEmpty else { throw .malformed("variant") }
      return .variant(try value(only, depth: depth + 1))
    case UInt8(ascii: "a"):
      let length = Int(try number(UInt32.self))
      align(alignment(of: inner.first ?? 0))
      guard position <= bytes.count, length <= bytes.count - position else {
        throw .malformed("array")
      }
      let end = position + length
      var values: [BusValue] = []
      while position < end { values.append(try value(inner, depth: depth + 1)) }
      return .array(of: String(decoding: inner, as: UTF8.self), values)
    default:
      align(8)
      inner.removeLast()
      var members: [BusValue] = []
      while !inner.isEmpty {
        members.append(try value(try Self.completeType(&inner), depth: depth + 1))
      }
      guard type.first == UInt8(ascii: "{") else { return .structure(members) }
      guard members.count == 2 else { throw .malformed("dictionary") }
      return .entry(members[0], members[1])
    }
  }
}
