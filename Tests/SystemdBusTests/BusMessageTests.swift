import Testing

@testable import SystemdBus

@Suite struct BusMessageTests {
  static let values: [BusValue] = [
    .byte(7), .bool(true), .int16(-2), .uint16(65_535), .int32(-70_000), .uint32(.max),
    .int64(.min), .uint64(.max), .double(0.25), .string("grüße"), .objectPath("/a/b"),
    .signature("a{sv}"), .strings(["a", "", "long enough to need padding"]), .bytes([1, 2, 3]),
    .array(of: "t", []), .array(of: "(st)", [.structure([.string("x"), .uint64(1)])]),
    .structure([.byte(1), .structure([.string("s"), .uint64(5)])]),
    .variant(.array(of: "{sv}", [.entry(.string("k"), .variant(.bool(false)))])),
  ]

  @Test(arguments: values) func comesBackAsItWas(value: BusValue) throws {
    // After a byte, so that every alignment is met.
    var message = BusMessage(call: "M", of: "a.b", on: "/", at: "c.d", [.byte(1), value, .byte(2)])
    message.serial = 9
    let bytes = message.encoded
    #expect(try BusMessage(bytes) == message)
    #expect(try BusMessage.length((bytes + [0, 0])[...]) == bytes.count)
  }

  /// `Hello` as the specification lays it out, by hand.
  @Test func isLaidOutAsTheSpecificationSays() throws {
    var message = BusMessage(.signal)
    message.serial = 0x0102
    message.path = "/a"
    message.body = [.uint32(5)]
    #expect(
      message.encoded
        == [0x6C, 4, 0, 1, 4, 0, 0, 0, 2, 1, 0, 0, 0x17, 0, 0, 0]
        + [1, 1, 0x6F, 0, 2, 0, 0, 0, 0x2F, 0x61, 0, 0, 0, 0, 0, 0]
        + [8, 1, 0x67, 0, 1, 0x75, 0] + [0]
        + [5, 0, 0, 0])
  }

  @Test func readsBigEndian() throws {
    let bytes: [UInt8] =
      [0x42, 4, 0, 1, 0, 0, 0, 4, 0, 0, 1, 2, 0, 0, 0, 7] + [8, 1, 0x67, 0, 1, 0x75, 0, 0]
      + [0, 0, 0, 5]
    let message = try BusMessage(bytes)
    #expect(message.serial == 0x102)
    #expect(message.body == [.uint32(5)])
  }

  /// Damaged bytes give an error or another message, and always an end.
  @Test func survivesDamage() throws {
    var message = BusMessage(call: "M", of: "a.b", on: "/", at: "c.d", Self.values)
    message.serial = 1
    let whole = message.encoded
    var accepted = 0
    for index in whole.indices {
      for flip in [UInt8(0x01), 0x80, 0xFF] {
        var bytes = whole
        bytes[index] ^= flip
        if (try? BusMessage(bytes)) != nil { accepted += 1 }
      }
      #expect(throws: BusError.self) { try BusMessage(Array(whole.prefix(index))) }
    }
    #expect(accepted > 0)
  }

  @Test(arguments: ["a", "(", "(u", "{", "z", "()", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaau"])
  func refusesSignature(text: String) {
    var reader = BusReader([UInt8](repeating: 0, count: 64))
    #expect(throws: BusError.self) { try reader.values(text) }
  }
}
