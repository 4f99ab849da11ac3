import Testing

@testable import Engine

struct HostFactsTests {
  @Test(arguments: [("0", 1), ("0-3", 4), ("0-3,6", 5), ("", 0), ("3-1", 0)])
  func countsProcessors(list: String, count: Int) {
    #expect(HostFacts.count(list) == count)
  }

  @Test func readsAmountsOfMemory() {
    let text = "MemTotal:       16384 kB\nMemFree:          512 kB\n"
    #expect(HostFacts.amount("MemFree", in: text) == 524_288)
    #expect(HostFacts.amount("SwapFree", in: text) == 0)
  }

  @Test func readsOSRelease() {
    let found = HostFacts.Distribution(
      parsing:
        "NAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\nVERSION_CODENAME=bookworm\n")
    #expect(found.name == "debian")
    #expect(found.version == "12")
    #expect(found.codename == "bookworm")
  }
}
