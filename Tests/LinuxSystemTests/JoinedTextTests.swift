import Testing

@testable import LinuxSystem

struct JoinedTextTests {
  @Test(arguments: [([], ""), ([""], ""), (["a"], "a"), (["a", "", "b"], "a, , b")])
  func putsTheSeparatorBetween(parts: [String], text: String) {
    #expect(parts.joined(separator: ", ") == text)
    #expect(parts.map { $0[...] }.joined(separator: ", ") == text)
  }
}
