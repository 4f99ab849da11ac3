import OCISpec
import Testing

@Suite struct JSONGuardTests {
  @Test(arguments: [
    "{}", "[]", " { \"a\" : [1, -0.5e+3, true, false, null, \"\\u00e9\\ud83d\\ude00\\n\"] } ",
    "1", "\"é\"", "[[], {}, [{}]]", "{\"a\":{\"b\":1},\"c\":{\"b\":1}}",
    "{\"x\":{\"a\":1,\"A\":2}}",
  ])
  func acceptsStrictJSON(text: String) throws {
    try JSONGuard.check(Array(text.utf8))
  }

  @Test(arguments: [
    "", " ", "{", "}", "[1,]", "[,1]", "{\"a\":1,}", "{\"a\"}", "{a:1}", "{'a':1}", "01", "1.",
    ".5",
    "+1", "1e", "-", "tru", "NaN", "[1 2]", "{} {}", "[1]]", "\"\n\"", "\"\\x\"", "\"\\u12\"",
    "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"", "// c\n{}", "\u{feff}{}", "{]", "[}",
  ])
  func refusesWhatIsNotStrictJSON(text: String) {
    #expect { try JSONGuard.check(Array(text.utf8)) } throws: { error in
      if case JSONGuard.Failure.malformed = error { true } else { false }
    }
  }

  @Test func refusesBytesThatAreNotUTF8() {
    for bytes: [UInt8] in [[0x22, 0xff, 0x22], [0x5b, 0, 0x5d, 0], [0x22, 0xc0, 0x80, 0x22]] {
      #expect(throws: JSONGuard.Failure.self) { try JSONGuard.check(bytes) }
    }
  }

  @Test(arguments: [
    "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "{\"b\":{\"a\":1,\"a\":2}}",
    "{\"x\":1,\"a\":1,\"A\":2}", "[{\"a\":[{\"a\":1,\"a\":1}]}]",
  ])
  func refusesDuplicateKeys(text: String) {
    #expect { try JSONGuard.check(Array(text.utf8)) } throws: { error in
      if case JSONGuard.Failure.duplicateKey = error { true } else { false }
    }
  }

  @Test func limitsTheDepth() throws {
    func nested(_ depth: Int) -> [UInt8] {
      Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
    }
    try JSONGuard.check(nested(64))
    #expect(throws: JSONGuard.Failure.tooDeep(limit: 64)) { try JSONGuard.check(nested(65)) }
    #expect(throws: JSONGuard.Failure.tooDeep(limit: 64)) {
      try JSONGuard.check([UInt8](repeating: UInt8(ascii: "["), count: 1_000_000))
    }
  }

  @Test func namesTheOutermostKeys() throws {
    let keys = try JSONGuard.check(Array("{\"Layers\":[{\"x\":1}],\"b\":2}".utf8))
    #expect(keys == ["Layers", "b"])
  }
}
