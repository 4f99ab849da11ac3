import CommandLineKit
import Testing

@Suite struct TextTableTests {
  @Test func columnsAreAlignedWithoutTrailingSpaces() {
    var table = TextTable(headings: ["Name", "Image", "Ports"])
    table.append(["web", "docker.io/nginx", ""])
    table.append(["日本", "x", "80/tcp"])
    #expect(
      table.render()
        == "NAME  IMAGE            PORTS\nweb   docker.io/nginx\n日本  x                80/tcp\n")
  }

  @Test(arguments: [
    ("plain ü", "plain ü"), ("a\u{1b}[2Jb\n", "a\\x1b[2Jb\\x0a"), ("\u{7f}\u{9b}", "\\x7f\\x9b"),
    ("a\u{202e}b\u{2066}", "a\\u{202e}b\\u{2066}"), ("\r\n", "\\x0d\\x0a"),
  ])
  func controlCharactersAreShownNotSent(text: String, safe: String) {
    #expect(terminalSafe(text) == safe)
  }

  @Test func longTextIsCut() {
    #expect(truncated("abcdef", to: 4) == "abc…")
    #expect(truncated("abc", to: 4) == "abc")
    #expect(shortID("sha256:0123456789abcdef") == "0123456789ab")
  }
}
