import Testing

@testable import LinuxSystem

struct JoinedTextTests {
  @Test(arguments: [([], ""), ([""], ""), (["a"], "a"), (["a", "", "b"], "a, , b")])
  func putsTheSeparatorBetween(parts: [String], text: String) {
    #expect(parts.joined(separator: ", ") == text)
    #expect(parts.map { $0[...] }.joined(separator: ", ") == text)
  }
}

@Suite struct SplitTextTests {
  @Test(arguments: [
    "", ":", "a", "a:b", ":a::b:", "a:b:", "naïve:日本:e\u{301}", "root:x:0:0::/root:/bin/sh",
  ])
  func partsAreThoseOfSplit(text: String) {
    for omits in [false, true] {
      let wanted = text.split(separator: ":", omittingEmptySubsequences: omits)
      #expect(text.parts(at: UInt8(ascii: ":"), omittingEmpty: omits) == wanted)
      #expect(("_" + text).dropFirst().parts(at: UInt8(ascii: ":"), omittingEmpty: omits) == wanted)
    }
  }

  @Test func cutsAtTheFirst() {
    let cut = { (text: String) in text.cut(at: UInt8(ascii: "=")) }
    #expect(cut("a=b=c") == ("a", "b=c"))
    #expect(cut("=") == ("", ""))
    #expect(cut("a") == ("a", nil))
    #expect(cut("a=\u{301}b") == ("a", "\u{301}b"))
  }

  @Test func goesByBytes() {
    #expect("a:\u{301}b".parts(at: UInt8(ascii: ":")) == ["a", "\u{301}b"])
  }
}
