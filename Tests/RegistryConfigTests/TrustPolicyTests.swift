import Model
import Testing

@testable import RegistryConfig

@Suite struct TrustPolicyTests {
  static let digest = "sha256:" + String(repeating: "a", count: 64)

  static func policy(_ text: String) throws -> TrustPolicy {
    try TrustPolicy(Array(text.utf8), path: "/p")
  }

  static let accept = #"[{"type":"insecureAcceptAnything"}]"#
  static let reject = #"[{"type":"reject"}]"#

  static let sample = """
    {"default":\(reject),"transports":{"docker":{
      "a.io":\(accept), "a.io/team":\(reject), "a.io/team/app:1":\(accept),
      "a.io/team/app@\(digest)":\(accept), "*.b.io":\(accept), "c.io:5000":\(accept), "":\(reject)
    },"dir":{"/ok":\(accept)}}}
    """

  @Test(arguments: [
    ("a.io/x", true), ("a.io/team/x", false), ("a.io/team/app:1", true),
    ("a.io/team/app:2", false), ("a.io/team/app@\(digest)", true), ("a.io/teams/x", true),
    ("x.y.b.io/z", true), ("b.io/z", false), ("x.b.io:1/z", true), ("c.io:5000/x", true),
    ("c.io/x", false), ("alpine", false),
  ])
  func theLongestScopeWins(_ name: String, _ isAccepted: Bool) throws {
    let requirements = try Self.policy(Self.sample).requirements(for: ImageReference(name))
    #expect(requirements == [isAccepted ? .accept : .reject])
  }

  @Test(arguments: [("/ok", true), ("/ok/x/y", true), ("/other", false), ("/okay", false)])
  func directoriesHaveTheirScopes(_ path: String, _ isAccepted: Bool) throws {
    let requirements = try Self.policy(Self.sample).requirements(transport: "dir", path: path)
    #expect(requirements == [isAccepted ? .accept : .reject])
  }

  @Test(arguments: [
    "{}", "[]", "", #"{"default":[]}"#, #"{"default":[{"type":"other"}]}"#,
    #"{"default":[{}]}"#, #"{"default":[{"type":"reject"}],"more":1}"#,
    #"{"default":[{"type":"signedBy","keyType":"GPGKeys"}]}"#,
    #"{"default":[{"type":"signedBy","keyType":"X509","keyPath":"/k"}]}"#,
    #"{"default":[{"type":"signedBy","keyPath":"/k","signedIdentity":{"type":"any"}}]}"#,
    #"{"default":[{"type":"reject"}],"default":[{"type":"insecureAcceptAnything"}]}"#,
    #"{"default":[{"type":"reject"}],"transports":{"docker":[]}}"#,
  ])
  func whatIsNotUnderstoodIsAnError(_ text: String) {
    #expect(throws: ErrorReport.self) { try Self.policy(text) }
  }

  @Test func whatCannotBeVerifiedIsKept() throws {
    let text = #"{"default":[{"type":"sigstoreSigned","keyPath":"/k","rekorPublicKeyPath":"/r"}]}"#
    #expect(
      try Self.policy(text).fallback == [.unverifiable("sigstoreSigned with rekorPublicKeyPath")])
  }

  @Test(arguments: [
    (TrustPolicy.Identity.repositoryDigestOrExact, "a.io/x:1", "a.io/x:1", true),
    (.repositoryDigestOrExact, "a.io/x:1", "a.io/x:2", false),
    (.repositoryDigestOrExact, "a.io/x@\(digest)", "a.io/x:2", true),
    (.repositoryDigestOrExact, "a.io/x@\(digest)", "a.io/y:2", false),
    (.exact, "a.io/x@\(digest)", "a.io/x:2", false), (.exact, "a.io/x:1", "a.io/x:1", true),
    (.repository, "a.io/x:1", "a.io/x:2", true), (.repository, "a.io/x:1", "b.io/x:1", false),
    (.exactReference("v.io/x:1"), "a.io/x:1", "v.io/x:1", true),
    (.exactReference("v.io/x:1"), "a.io/x:1", "a.io/x:1", false),
    (.exactRepository("v.io/x"), "a.io/x:1", "v.io/x:9", true),
    (.remapped(prefix: "m.io", signed: "v.io"), "m.io/x:1", "v.io/x:1", true),
    (.remapped(prefix: "m.io", signed: "v.io"), "m.io/x:1", "m.io/x:1", false),
    (.remapped(prefix: "m.io", signed: "v.io"), "a.io/x:1", "a.io/x:1", true),
    (.repository, "docker.io/library/x:1", "x:1", false),
    (.exact, "a.io/x:latest", "a.io/x", false), (.repository, "a.io/x:1", "a.io/x", true),
    (.repositoryDigestOrExact, "a.io/x:latest", "a.io/x", false),
    (.repositoryDigestOrExact, "a.io/x@\(digest)", "a.io/x", true),
  ])
  func aSignatureMustBeForTheName(
    _ identity: TrustPolicy.Identity, _ name: String, _ signed: String, _ isGood: Bool
  ) throws {
    #expect(identity.accepts(signed, for: try ImageReference(name)) == isGood)
  }

  @Test(arguments: [
    ("a.io/x", "file:///staging"), ("a.io/team/x", "file:///team"), ("b.io/x", "file:///all"),
  ])
  func signaturesAreWrittenToTheStagingPlace(image: String, place: String) throws {
    var places = SignaturePlaces()
    try places.read(
      """
      default-docker:
        sigstore-staging: file:///all
      docker:
        a.io:
          lookaside: https://a.io/s
          sigstore-staging: file:///old
          lookaside-staging: file:///staging
        a.io/team:
          lookaside: file:///team
      """, path: "/r")
    #expect(places.writableLookaside(for: try ImageReference(image)) == place)
  }

  @Test func lookasidesAreRead() throws {
    var places = SignaturePlaces()
    try places.read(
      """
      ---
      # one
      default-docker:
        lookaside: https://default.io/s   # all others
      docker:
          a.io:5000/team:
              sigstore: "file:///old"
              lookaside: file:///new
          'b.io':
              sigstore: file:///b
              use-sigstore-attachments: true
      """, path: "/r")
    #expect(places.lookaside(for: try ImageReference("a.io:5000/team/x")) == "file:///new")
    #expect(places.lookaside(for: try ImageReference("b.io/y")) == "file:///b")
    #expect(places.lookaside(for: try ImageReference("c.io/y")) == "https://default.io/s")
  }

  @Test(arguments: [
    "docker: {a.io: {lookaside: x}}", "other:\n  a: b", "docker:\n  a.io: x",
    "docker:\n  a.io:\n    lookaside: [a]", "docker:\n  a.io:\n    color: red", "- docker:",
    "docker:\n\ta.io:",
  ])
  func otherYAMLIsAnError(_ text: String) {
    var places = SignaturePlaces()
    #expect(throws: ErrorReport.self) { try places.read(text, path: "/r") }
  }
}
