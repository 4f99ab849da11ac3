/// A value of D-Bus's type system (D-Bus Specification, "Type System").
public indirect enum BusValue: Equatable, Sendable {
  case byte(UInt8)
  case bool(Bool)
  case int16(Int16)
  case uint16(UInt16)
  case int32(Int32)
  case uint32(UInt32)
  case int64(Int64)
  case uint64(UInt64)
  case double(Double)
  case string(String)
  case objectPath(String)
  case signature(String)
  /// `of` is the signature of one element; every element has it.
  case array(of: String, [BusValue])
  case structure([BusValue])
  /// An entry of a dictionary, only inside an array.
  case entry(BusValue, BusValue)
  case variant(BusValue)

  public static func strings(_ texts: [String]) -> BusValue {
    .array(of: "s", texts.map { .string($0) })
  }

  public static func bytes(_ bytes: [UInt8]) -> BusValue {
    .array(of: "y", bytes.map { .byte($0) })
  }

  /// The type as the bus spells it, such as `a(sv)`.
  public var signature: String {
    switch self {
    case .byte: "y"
    case .bool: "b"
    case .int16: "n"
    case .uint16: "q"
    case .int32: "i"
    case .uint32: "u"
    case .int64: "x"
    case .uint64: "t"
    case .double: "d"
    case .string: "s"
    case .objectPath: "o"
    case .signature: "g"
    case .array(let element, _): "a\(element)"
    case .structure(let members): "(\(members.map(\.signature).joined()))"
    case .entry(let key, let value): "{\(key.signature)\(value.signature)}"
    case .variant: "v"
    }
  }

  /// The text of a string, path or signature; nil for other types.
  public var text: String? {
    switch self {
    case .string(let text), .objectPath(let text), .signature(let text): text
    default: nil
    }
  }
}

/// The bytes to which values of a type are aligned, by the first letter of its signature.
func alignment(of type: UInt8) -> Int {
  switch type {
  case UInt8(ascii: "n"), UInt8(ascii: "q"): 2
  case UInt8(ascii: "x"), UInt8(ascii: "t"), UInt8(ascii: "d"), UInt8(ascii: "("),
    UInt8(ascii: "{"):
    8
  case UInt8(ascii: "y"), UInt8(ascii: "g"), UInt8(ascii: "v"): 1
  default: 4
  }
}
