import OCISpec
import Testing

@testable import Cgroups

@Suite struct DeviceFilterTests {
  struct Access: Sendable {
    var type: UInt32
    var bits: UInt32
    var major: UInt32
    var minor: UInt32
  }

  private static let deny = [RuntimeDeviceRule(allow: false, access: "rwm")]

  @Test(arguments: [
    (Access(type: 2, bits: 6, major: 1, minor: 3), true),
    (Access(type: 2, bits: 1, major: 99, minor: 1), true),
    (Access(type: 2, bits: 2, major: 99, minor: 1), false),
    (Access(type: 1, bits: 2, major: 254, minor: 0), false),
    (Access(type: 2, bits: 6, major: 136, minor: 77), true),
  ])
  func keepsTheDefaultDevices(access: Access, allowed: Bool) throws {
    let filter = DeviceFilter(Self.deny + DeviceFilter.alwaysAllowed)
    #expect(try run(filter.instructions, access) == allowed)
  }

  @Test(arguments: [
    (Access(type: 1, bits: 2, major: 8, minor: 0), true),
    (Access(type: 1, bits: 4, major: 8, minor: 0), false),
    (Access(type: 1, bits: 2, major: 8, minor: 1), false),
    (Access(type: 2, bits: 4, major: 7, minor: 9), true),
  ])
  func lastMatchingRuleWins(access: Access, allowed: Bool) throws {
    let rules =
      Self.deny + [
        RuntimeDeviceRule(allow: true, type: "b", major: 8, minor: 0, access: "rw"),
        RuntimeDeviceRule(allow: false, type: "b", major: 8, minor: 0, access: "w"),
        RuntimeDeviceRule(allow: true, type: "c", major: 7),
      ]
    #expect(try run(DeviceFilter(rules).instructions, access) == allowed)
  }

  struct BadProgram: Error {}

  /// The few instructions that the filter uses.
  private func run(_ code: [UInt8], _ access: Access) throws -> Bool {
    var registers = [UInt32](repeating: 0, count: 11)
    let context = [access.bits << 16 | access.type, access.major, access.minor]
    var at = 0
    while at * 8 + 8 <= code.count {
      let bytes = code[(at * 8)..<(at * 8 + 8)].map { $0 }
      let (dst, src) = (Int(bytes[1] & 15), Int(bytes[1] >> 4))
      let offset = Int(Int16(bitPattern: UInt16(bytes[2]) | UInt16(bytes[3]) << 8))
      let value = bytes[4...].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      at += 1
      switch bytes[0] {
      case 0x61: registers[dst] = context[offset / 4]
      case 0xBC: registers[dst] = registers[src]
      case 0xB4: registers[dst] = value
      case 0x54: registers[dst] &= value
      case 0x74: registers[dst] >>= value
      case 0x56: if registers[dst] != value { at += offset }
      case 0x16: if registers[dst] == value { at += offset }
      case 0x95: return registers[0] == 1
      default: throw BadProgram()
      }
    }
    throw BadProgram()
  }
}
