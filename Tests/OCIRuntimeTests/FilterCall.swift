/// A system call as a filter sees it (struct seccomp_data of seccomp(2)).
struct FilterCall: Sendable {
  var architecture: UInt32
  var number: UInt32
  var arguments: [UInt64]

  init(
    _ architecture: UInt32, _ number: UInt32, _ arguments: [UInt64] = [0, 0, 0, 0, 0, 0]
  ) {
    self.architecture = architecture
    self.number = number
    self.arguments = arguments
  }

  static let x86_64: UInt32 = 0xC000_003E
  static let i386: UInt32 = 0x4000_0003

  /// What rules of the default profile ask for.
  static let interestingArguments: [[UInt64]] = [
    [0, 0, 0, 0, 0, 0], [16, 3, 9, 0, 0, 0], [2, 1, 9, 0, 0, 0], [16, 3, 0, 0, 0, 0],
    [8, 0, 0, 0, 0, 0], [0x20000, 0, 0, 0, 0, 0], [0xFFFF_FFFF, 0, 0, 0, 0, 0],
    [0x7E02_0000, 0, 0, 0, 0, 0],
  ]

  struct BadProgram: Error {}

  /// Classic BPF, as much of it as libseccomp uses.
  func answer(of code: [UInt8]) throws -> UInt32 {
    var accumulator: UInt32 = 0
    var at = 0
    while at * 8 + 8 <= code.count {
      let start = at * 8
      let k = (4..<8).reduce(UInt32(0)) { $0 | UInt32(code[start + $1]) << (($1 - 4) * 8) }
      let (yes, no) = (Int(code[start + 2]), Int(code[start + 3]))
      at += 1
      switch UInt16(code[start]) | UInt16(code[start + 1]) << 8 {
      case 0x20: accumulator = try word(k)
      case 0x15: at += accumulator == k ? yes : no
      case 0x25: at += accumulator > k ? yes : no
      case 0x35: at += accumulator >= k ? yes : no
      case 0x45: at += accumulator & k != 0 ? yes : no
      case 0x05: at += Int(k)
      case 0x54: accumulator &= k
      case 0x06: return k
      default: throw BadProgram()
      }
    }
    throw BadProgram()
  }

  private func word(_ offset: UInt32) throws -> UInt32 {
    switch offset {
    case 0: return number
    case 4: return architecture
    case 16..<64:
      let argument = arguments[Int(offset - 16) / 8]
      return UInt32(truncatingIfNeeded: offset % 8 == 0 ? argument : argument >> 32)
    default: throw BadProgram()
    }
  }
}
