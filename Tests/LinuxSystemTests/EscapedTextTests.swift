import Testing

@testable import LinuxSystem

struct EscapedTextTests {
  @Test(arguments: [
    ("", ""), ("plain", "plain"), ("a\\040b", "a b"), ("\\134\\011", "\\\t"),
    ("\\04", "\\04"), ("\\", "\\"), ("\\400", "\\400"), ("\\089", "\\089"), ("\\+10", "\\+10"),
    ("\\303\\274", "ü"), ("ü\\040ü", "ü ü"),
  ])
  func decodesOctalBytes(text: String, decoded: String) {
    #expect(
      text[...].decodingEscapes(mark: UInt8(ascii: "\\"), digits: 3, radix: 8) == decoded)
  }

  @Test(arguments: [
    ("/run/user%2d1", "/run/user-1"), ("%2D%c3%bC", "-ü"), ("%2", "%2"), ("%+5", "%+5"),
    ("%-0", "%-0"), ("%zz", "%zz"), ("100%", "100%"), ("%252d", "%2d"),
  ])
  func decodesHexadecimalBytes(text: String, decoded: String) {
    #expect(
      text[...].decodingEscapes(mark: UInt8(ascii: "%"), digits: 2, radix: 16) == decoded)
  }
}
