import Testing

@testable import SystemdBus

@Suite struct PropertyTextTests {
  @Test(arguments: [
    ("true", BusValue.bool(true)), (" false ", .bool(false)), ("'a\\'b'", .string("a'b")),
    ("\"x\"", .string("x")), ("uint64 5000000", .uint64(5_000_000)), ("-3", .int32(-3)),
    ("int64 -3", .int64(-3)), ("byte 7", .byte(7)), ("0.5", .double(0.5)),
    ("['a', 'b']", .strings(["a", "b"])), ("objectpath '/a'", .objectPath("/a")),
    ("[uint32 1, uint32 2]", .array(of: "u", [.uint32(1), .uint32(2)])),
  ]) func readsGVariantText(text: String, value: BusValue) throws {
    #expect(try PropertyText.value(text, of: "p") == value)
  }

  @Test(arguments: [
    "", "word", "'open", "[1, 'a']", "[]", "uint64 -1", "uint32 99999999999", "true false",
    "[[[[[[[[[[1]]]]]]]]]]", "['a'",
  ]) func refusesOtherText(text: String) {
    #expect(throws: BusError.property("p", "`\(text)` is not a value in GVariant's text format")) {
      try PropertyText.value(text, of: "p")
    }
  }

  @Test func takesAnnotations() throws {
    let asked = try UnitProperty.asked(by: [
      "org.systemd.property.TimeoutStopSec": "3", "org.systemd.property.CollectMode": "'inactive'",
      "org.systemd.property.RuntimeMaxUSec": "uint64 9", "other": "true",
    ])
    #expect(
      asked == [
        UnitProperty("CollectMode", .string("inactive")),
        UnitProperty("RuntimeMaxUSec", .uint64(9)),
        UnitProperty("TimeoutStopUSec", .uint64(3_000_000)),
      ])
  }

  @Test(arguments: ["lower", "With Space", "", "A-B"])
  func refusesNames(name: String) {
    #expect(throws: BusError.self) {
      try UnitProperty.asked(by: ["org.systemd.property.\(name)": "true"])
    }
  }
}
