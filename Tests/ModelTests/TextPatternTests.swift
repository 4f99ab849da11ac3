import Model
import Testing

@Suite struct TextPatternTests {
  @Test(arguments: [
    ("web", "my-web-1", true), ("^web", "my-web", false), ("^web$", "web", true),
    ("^web$", "web1", false), ("w.b", "wob", true), ("a|b", "xbx", true),
    ("^(a|bc)+$", "abcbca", true), ("^(a|bc)+$", "abca_", false), ("[0-9]+$", "c12", true),
    ("[^a-z]", "abc", false), ("[^a-z]", "abC", true), ("", "anything", true),
    ("a{2,3}b", "aab", true), ("^a{2}$", "aaa", false), ("x?y*z+", "z", true),
    (#"a\.b"#, "axb", false), (#"a\.b"#, "a.b", true), (#"\d\d"#, "a42", true),
    ("[]x]", "]", true), ("a{x", "a{x", true), ("(?:ab)+c", "ababc", true), (".*", "", true),
    ("é", "café", true),
  ])
  func matchesAnywhereInAText(_ pattern: String, _ text: String, _ expected: Bool) {
    #expect(TextPattern(pattern)?.matches(text) == expected)
  }

  @Test(arguments: ["(", ")", "a)", "[a", "*", "a**", "+a", #"\"#, "[z-a]", #"\k"#])
  func refusesWhatIsNoPattern(_ pattern: String) {
    #expect(TextPattern(pattern) == nil)
  }

  @Test func refusesPatternsThatGrowWithoutBounds() {
    #expect(TextPattern("((((a{1000}){1000}){1000}){1000})") == nil)
    #expect(TextPattern(String(repeating: "(", count: 5000)) == nil)
  }

  @Test func staysFastOnHostilePatterns() {
    let pattern = TextPattern("^(a*)*(a|aa)+$")
    #expect(pattern?.matches(String(repeating: "a", count: 2_000) + "b") == false)
  }
}
