import Testing

@testable import Engine

@Suite struct GlobPathsTests {
  @Test(arguments: [
    ("name", "name", true), ("name", "nam", false), ("name", "*", true), ("name", "n*e", true),
    ("name", "n??e", true), ("name", "n?e", false), (".name", "*", false), (".name", ".*", true),
    ("name", "[a-n]ame", true), ("name", "[!a-m]ame", true), ("name", "[!n]ame", false),
    ("a[b", "a[b", true), ("", "*", true), ("abcabc", "*abc", true), ("abcabd", "*abc", false),
  ])
  func matchesAsAShellDoes(name: String, pattern: String, expected: Bool) {
    #expect(GlobPaths.matches(Array(name), Array(pattern)) == expected)
  }
}
