import Model
import Testing

@Suite struct ImageReferenceTests {
  static let hex = String(repeating: "ab", count: 32)
  static let digest = "sha256:" + hex

  @Test(arguments: [
    ("alpine", "docker.io/library/alpine:latest", "alpine:latest"),
    ("alpine:3.20", "docker.io/library/alpine:3.20", "alpine:3.20"),
    ("user/app", "docker.io/user/app:latest", "user/app:latest"),
    ("library/alpine", "docker.io/library/alpine:latest", "alpine:latest"),
    ("docker.io/alpine", "docker.io/library/alpine:latest", "alpine:latest"),
    ("index.docker.io/user/app", "docker.io/user/app:latest", "user/app:latest"),
    ("localhost/x", "localhost/x:latest", "localhost/x:latest"),
    ("localhost:5000/x:1", "localhost:5000/x:1", "localhost:5000/x:1"),
    ("127.0.0.1:5000/a/b", "127.0.0.1:5000/a/b:latest", "127.0.0.1:5000/a/b:latest"),
    ("[::1]:5000/a", "[::1]:5000/a:latest", "[::1]:5000/a:latest"),
    ("[2001:db8::1]/a", "[2001:db8::1]/a:latest", "[2001:db8::1]/a:latest"),
    ("quay.io/a/b/c:T_1.x-y", "quay.io/a/b/c:T_1.x-y", "quay.io/a/b/c:T_1.x-y"),
    ("Host/x", "Host/x:latest", "Host/x:latest"),
    ("a/b__c/d--e.f", "docker.io/a/b__c/d--e.f:latest", "a/b__c/d--e.f:latest"),
    ("alpine@" + digest, "docker.io/library/alpine@" + digest, "alpine@" + digest),
    ("alpine:1@" + digest, "docker.io/library/alpine:1@" + digest, "alpine:1@" + digest),
    ("x/" + hex, "docker.io/x/" + hex + ":latest", "x/" + hex + ":latest"),
    ("docker.io/localhost/x", "docker.io/localhost/x:latest", "docker.io/localhost/x:latest"),
    ("docker.io/library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest"),
  ])
  func completesAndShortens(text: String, full: String, familiar: String) throws {
    let reference = try ImageReference(text)
    #expect(reference.full == full)
    #expect(reference.familiar == familiar)
    #expect(try ImageReference(familiar) == reference)
    #expect(try ImageReference(full) == reference)
  }

  @Test(arguments: [
    ("", ImageReference.ParseError.empty),
    (hex, .looksLikeID(hex)),
    ("Alpine", .upperCaseRepository("Alpine")),
    ("quay.io/User/app", .upperCaseRepository("User/app")),
    ("https://quay.io/x", .hasScheme("https://quay.io/x")),
    ("docker://alpine", .hasScheme("docker://alpine")),
    ("alpine:", .malformedTag("")),
    ("alpine:-x", .malformedTag("-x")),
    ("alpine:a b", .malformedTag("a b")),
    ("a//b", .malformedRepository("a//b")),
    ("/a", .malformedRepository("/a")),
    ("a/", .malformedRepository("a/")),
    ("a/../b", .malformedRepository("a/../b")),
    ("a___b", .malformedRepository("a___b")),
    ("-a", .malformedRepository("-a")),
    ("a-", .malformedRepository("a-")),
    ("a._b", .malformedRepository("a._b")),
    ("é", .malformedRepository("é")),
    ("localhost:99999/x", .malformedRegistry("localhost:99999")),
    ("localhost:/x", .malformedRegistry("localhost:")),
    ("a..b/x", .malformedRegistry("a..b")),
    ("user@evil.com/x", .malformedDigest(.malformed("evil.com/x"))),
    ("a@sha256:../..", .malformedDigest(.malformed("sha256:../.."))),
  ])
  func refuses(text: String, error: ImageReference.ParseError) {
    #expect(throws: error) { try ImageReference(text) }
  }

  @Test func hintsAtTheLowerCaseName() throws {
    let error = #expect(throws: ImageReference.ParseError.self) { try ImageReference("Alpine") }
    #expect(error?.report.hint == "use alpine")
  }

  @Test func limitsTheLengthOfNameAndTag() throws {
    let longest = String(repeating: "a", count: 255)
    #expect(try ImageReference("quay.io/" + longest).repository == longest)
    #expect(throws: ImageReference.ParseError.tooLong(256)) {
      try ImageReference("quay.io/a" + longest)
    }
    let tag = String(repeating: "t", count: 128)
    #expect(try ImageReference("a:" + tag).tag == tag)
    #expect(throws: ImageReference.ParseError.malformedTag(tag + "t")) {
      try ImageReference("a:" + tag + "t")
    }
  }

  @Test func changesTagAndDigest() throws {
    let reference = try ImageReference("alpine:1@" + Self.digest)
    #expect(try reference.tagged("2").full == "docker.io/library/alpine:2")
    #expect(
      try reference.pinned(to: Digest(Self.digest)).full
        == "docker.io/library/alpine@" + Self.digest)
  }

  @Test(arguments: [("alpine", true), ("a/b", true), ("quay.io/a", false), ("localhost/a", false)])
  func knowsShortNames(text: String, short: Bool) {
    #expect(ImageReference.isShortName(text) == short)
  }
}
