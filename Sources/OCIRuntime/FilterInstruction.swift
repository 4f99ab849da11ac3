/// One instruction of a system call filter: struct sock_filter of linux/filter.h, eight bytes.
struct FilterInstruction: Equatable, Sendable {
  var code: UInt16
  var whenTrue: UInt8 = 0
  var whenFalse: UInt8 = 0
  var value: UInt32

  static let load: UInt16 = 0x20
  static let jump: UInt16 = 0x05
  static let ifEqual: UInt16 = 0x15
  static let ifGreater: UInt16 = 0x25
  static let ifGreaterOrEqual: UInt16 = 0x35
  static let ifBits: UInt16 = 0x45
  /// Arithmetic on the accumulator with a constant, as comparisons with a mask need it.
  static let and: UInt16 = 0x54
  static let end: UInt16 = 0x06

  /// Offsets in struct seccomp_data (seccomp(2)).
  static let number: UInt32 = 0
  static let architecture: UInt32 = 4

  init(_ code: UInt16, _ value: UInt32, whenTrue: UInt8 = 0, whenFalse: UInt8 = 0) {
    self.code = code
    self.value = value
    self.whenTrue = whenTrue
    self.whenFalse = whenFalse
  }

  /// Those of `bytes`, in this machine's order; nil when it does not hold whole ones.
  static func list(_ bytes: [UInt8]) -> [FilterInstruction]? {
    guard bytes.count % 8 == 0 else { return nil }
    return stride(from: 0, to: bytes.count, by: 8).map { at in
      FilterInstruction(
        UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8,
        (4..<8).reduce(0) { $0 | UInt32(bytes[at + $1]) << (($1 - 4) * 8) },
        whenTrue: bytes[at + 2], whenFalse: bytes[at + 3])
    }
  }

  var bytes: [UInt8] {
    [UInt8(truncatingIfNeeded: code), UInt8(truncatingIfNeeded: code >> 8), whenTrue, whenFalse]
      + (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }

  /// Whether it branches on a comparison, and how; nil for what is none of the three.
  func holds(for accumulator: UInt32) -> Bool? {
    switch code {
    case Self.ifEqual: accumulator == value
    case Self.ifGreater: accumulator > value
    case Self.ifGreaterOrEqual: accumulator >= value
    default: nil
    }
  }

  /// The values from which on its answer may be another one.
  var turns: [UInt32] {
    switch code {
    case Self.ifEqual: value == .max ? [value] : [value, value + 1]
    case Self.ifGreater: value == .max ? [] : [value + 1]
    case Self.ifGreaterOrEqual: [value]
    default: []
    }
  }
}
