import Model
import Testing

@testable import RegistryConfig

@Suite struct RegistriesConfigTests {
  static func config(_ files: String...) throws -> RegistriesConfig {
    var config = RegistriesConfig()
    for (index, text) in files.enumerated() {
      let file = try RegistriesFile(Array(text.utf8), path: "/f\(index)")
      config.merge(file.config, mode: file.mode)
    }
    return config
  }

  static let sample = """
    unqualified-search-registries = ["quay.io", "docker.io"]
    [[registry]]
    location = "example.com"
    insecure = true
    [[registry.mirror]]
    location = "mirror.example.com:5000/cache/"
    pull-from-mirror = "tag-only"
    [[registry.mirror]]
    location = "other.example.com"
    insecure = true
    pull-from-mirror = "digest-only"
    [[registry]]
    prefix = "example.com/team"
    location = "internal.example.com/x"
    [[registry]]
    prefix = "*.evil.org"
    blocked = true
    [[registry]]
    prefix = "*.lab.org"
    location = "proxy.lab.org"
    """

  static let digest = "sha256:" + String(repeating: "a", count: 64)

  @Test(arguments: [
    ("example.com/a/b:1", ["mirror.example.com:5000/cache/a/b:1", "example.com/a/b:1 insecure"]),
    (
      "example.com/a@\(digest)",
      ["other.example.com/a@\(digest) insecure", "example.com/a@\(digest) insecure"]
    ),
    ("example.com/team/app", ["internal.example.com/x/app:latest"]),
    (
      "example.com/teams/app",
      ["mirror.example.com:5000/cache/teams/app:latest", "example.com/teams/app:latest insecure"]
    ),
    ("a.lab.org/x", ["proxy.lab.org/x:latest"]),
    ("example.community/a", ["example.community/a:latest"]),
    ("alpine", ["docker.io/library/alpine:latest"]),
  ])
  func mirrorsComeBeforeTheRegistryAndTheLongestPrefixWins(
    _ name: String, _ expected: [String]
  ) throws {
    let sources = try Self.config(Self.sample).sources(for: ImageReference(name))
    #expect(sources.map { $0.reference.full + ($0.isInsecure ? " insecure" : "") } == expected)
  }

  @Test func aBlockedRegistryIsRefused() throws {
    #expect {
      try Self.config(Self.sample).sources(for: ImageReference("a.b.evil.org/x"))
    } throws: { error in
      (error as? ErrorReport)?.message == "registry *.evil.org is blocked in registries.conf"
    }
  }

  @Test(arguments: [
    ("app", ["quay.io/app:latest", "docker.io/library/app:latest"], true),
    ("team/app:2", ["quay.io/team/app:2", "docker.io/team/app:2"], true),
    ("known:3", ["registry.example.com/real/known:3"], false),
    ("known@\(digest)", ["registry.example.com/real/known@\(digest)"], false),
    ("quay.io/x/y", ["quay.io/x/y:latest"], false),
    ("localhost/x", ["localhost/x:latest"], false),
    ("gone", ["quay.io/gone:latest", "docker.io/library/gone:latest"], true),
  ])
  func shortNamesBecomeAliasesOrSearches(
    _ name: String, _ expected: [String], _ wantsChoice: Bool
  ) throws {
    let config = try Self.config(
      Self.sample + "\n[aliases]\ngone = 'docker.io/library/old'",
      "[aliases]\nknown = 'registry.example.com/real/known'\ngone = ''")
    let resolution = try ShortNames(config).resolve(name)
    #expect(resolution.candidates.map(\.full) == expected)
    #expect(resolution.wantsChoice == wantsChoice)
  }

  @Test func withoutAnyFileAShortNameIsDockers() throws {
    let resolution = try ShortNames(RegistriesConfig()).resolve("alpine")
    #expect(resolution.candidates.map(\.full) == ["docker.io/library/alpine:latest"])
  }

  @Test(arguments: [
    ("enforcing", true, true), ("permissive", true, false), ("disabled", false, false),
  ])
  func theModeDecidesAboutSeveralRegistries(
    _ mode: String, _ wants: Bool, _ requires: Bool
  ) throws {
    let config = try Self.config(
      "short-name-mode = '\(mode)'\nunqualified-search-registries = ['a.io', 'b.io']", "x = 1")
    let resolution = try ShortNames(config).resolve("app")
    #expect(resolution.wantsChoice == wants)
    #expect(resolution.requiresChoice == requires)
  }

  @Test func laterFilesReplaceListsAndRegistriesOfTheSamePrefix() throws {
    let config = try Self.config(
      Self.sample, "unqualified-search-registries = []",
      "[[registry]]\nlocation = 'example.com'")
    #expect(config.searchRegistries == [])
    #expect(
      try config.sources(for: ImageReference("example.com/a"))
        == [.init(reference: ImageReference("example.com/a"))])
  }

  @Test(arguments: [
    ("a = ", "/f0:1: expected a value"),
    ("[registries.search]\nregistries = ['x']", "/f0 is in version 1 of registries.conf"),
    ("[[registry]]\ninsecure = true", "/f0: registry  has no location"),
    ("registry = 1", "/f0: registry must be tables, written [[registry]]"),
    ("[[registry]]\nlocation = 'a.io'\ninsecure = 'yes'", "/f0: insecure must be true or false"),
    (
      "short-name-mode = 'loose'",
      "/f0: short-name-mode must be enforcing, permissive or disabled"
    ),
    ("[aliases]\na = 'b'", "/f0: alias a must be an image name with a registry"),
    (
      "unqualified-search-registries = 'x'",
      "/f0: unqualified-search-registries must be a list of strings"
    ),
  ])
  func mistakesAreNamedWithTheirPlace(_ text: String, _ message: String) {
    #expect { try Self.config(text) } throws: { ($0 as? ErrorReport)?.message == message }
  }
}
