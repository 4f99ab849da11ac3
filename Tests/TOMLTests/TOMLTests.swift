import TOML
import Testing

@Suite struct TOMLTests {
  static func parse(_ text: String) throws -> TOMLValue { try TOMLValue.parse(Array(text.utf8)) }

  @Test(arguments: [
    ("a = 1", TOMLValue.integer(1)),
    ("a = +1_000", .integer(1000)),
    ("a = 0xDEAD_beef", .integer(0xDEAD_BEEF)),
    ("a = 0o17", .integer(15)),
    ("a = 0b101", .integer(5)),
    ("a = -9223372036854775808", .integer(.min)),
    ("a = 6.5e-2", .float(0.065)),
    ("a = -inf", .float(-.infinity)),
    ("a = true # yes", .boolean(true)),
    ("a = 1979-05-27 07:32:00Z", .date("1979-05-27 07:32:00Z")),
    ("a = 07:32:00", .date("07:32:00")),
    (#"a = "x\ty\u00e9\U0001F600""#, .string("x\tyé😀")),
    (#"a = 'C:\new'"#, .string(#"C:\new"#)),
    ("a = \"\"\"\nx\\\n   y\"\"\"\"", .string("xy\"")),
    ("a = '''\nx\ny'''", .string("x\ny")),
    ("a = [1, # one\n 2,\n]", .array([.integer(1), .integer(2)])),
    (
      "a = {b = 1, c.d = 'x'}",
      .table(["b": .integer(1), "c": .table(["d": .string("x")])])
    ),
    ("[a]\nb = 1\r\n[a.c]\nd = 2", .table(["b": .integer(1), "c": .table(["d": .integer(2)])])),
    (
      "[[a]]\nb = 1\n[[a]]\nb = 2\n[[a.c]]\nd = 3",
      .array([
        .table(["b": .integer(1)]),
        .table(["b": .integer(2), "c": .array([.table(["d": .integer(3)])])]),
      ])
    ),
    ("\"a\" . x = 1\na.'y z' = 2", .table(["x": .integer(1), "y z": .integer(2)])),
  ])
  func valuesAreRead(_ text: String, _ expected: TOMLValue) throws {
    #expect(try Self.parse(text)["a"] == expected)
  }

  @Test(arguments: [
    ("a", 1), ("a = ", 1), ("a = 1\na = 2", 2), ("[a]\nb=1\n[a]", 3), ("a = 'x", 1),
    ("a = 1\nb = \"x\ny\"", 2), ("a = [1 2]", 1), ("a = 01", 1), ("a = 1__0", 1), ("a = 1.", 1),
    ("a = 1 b = 2", 1), ("a = 1\n[[a]]", 2), ("a.b = 1\n[a]", 2), ("a = {b = 1}\na.c = 2", 2),
    ("a = \"\\q\"", 1), ("a = \"\\ud800\"", 1), ("a = {b = 1\n}", 1), ("= 1", 1),
    ("[[a]]\n[a]", 2), ("a = \u{1}", 1), ("[a", 1), ("[[a]", 1), ("a = 0x-1", 1), ("a = yes", 1),
  ])
  func whatIsNotTOMLIsRefusedWithItsLine(_ text: String, _ line: Int) {
    #expect { try Self.parse(text) } throws: { ($0 as? TOMLError)?.line == line }
  }

  @Test func deepNestingIsRefusedWithoutACrash() {
    let text = "a = " + String(repeating: "[", count: 100_000)
    #expect(throws: TOMLError.self) { try Self.parse(text) }
    let inline = "a = " + String(repeating: "{b=", count: 100_000)
    #expect(throws: TOMLError.self) { try Self.parse(inline) }
    let dotted = "a" + String(repeating: ".a", count: 100_000) + " = 1"
    #expect(throws: TOMLError.self) { try Self.parse(dotted) }
  }

  @Test func bytesThatAreNotUTF8AreRefused() {
    #expect(throws: TOMLError.self) { try TOMLValue.parse(Array("a = '".utf8) + [0xFF, 0x27]) }
  }

  /// Every prefix of a document, and every document with one byte changed, ends in a value or an
  /// error.
  @Test func damagedDocumentsEndInAnError() {
    let good = Array(
      """
      x = [1, 2.5, "a\\u00e9", '''b''', 1979-05-27 07:32:00Z, {c = 1, d.e = true}]
      [t."u v"]
      y = 0x_1
      [[z]]
      w = \"\"\"q\\
         r\"\"\"
      """.utf8)
    var outcomes = 0
    for end in good.indices {
      outcomes += (try? TOMLValue.parse(Array(good[..<end]))) == nil ? 1 : 1
      for byte in "\"'[]{}=.#\\\n\r0\u{0}".utf8 {
        var changed = good
        changed[end] = byte
        outcomes += (try? TOMLValue.parse(changed)) == nil ? 1 : 1
      }
    }
    #expect(outcomes == good.count * 15)
  }
}
