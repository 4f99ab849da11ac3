import Model
import Testing

@Suite struct IPAddressTests {
  @Test(arguments: [
    ("127.0.0.1", "127.0.0.1"), ("::", "::"), ("::1", "::1"), ("FE80::0:1", "fe80::1"),
    ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("::ffff:192.0.2.1", "::ffff:c000:201"),
    ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"),
    ("2001:db8::", "2001:db8::"),
  ])
  func writesTheCanonicalText(text: String, canonical: String) {
    #expect(IPAddress(text)?.description == canonical)
  }

  @Test(arguments: [
    "", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.-4", "+1.2.3.4", ":", ":::",
    "1::2::3",
    "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "g::", "12345::", "::1.2.3", "[::1]",
    "fe80::1%eth0", "1:", ":1", "1.2.3.4\n", "\u{661}.2.3.4",
  ])
  func refusesWhatIsNone(text: String) {
    #expect(IPAddress(text) == nil)
  }

  @Test(arguments: [
    ("127.8.9.1", true), ("::1", true), ("128.0.0.1", false), ("::", false), ("::2", false),
  ])
  func knowsLoopback(text: String, isLoopback: Bool) throws {
    #expect(try #require(IPAddress(text)).isLoopback == isLoopback)
  }
}
