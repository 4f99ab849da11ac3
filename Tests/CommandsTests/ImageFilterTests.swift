@testable import Engine
import Model
import Testing

@testable import Commands

struct ImageFilterTests {
  private static func image(
    _ digit: Character, _ names: [String], created: Int64 = 0, labels: [String: String] = [:],
    containers: [String] = []
  ) throws -> ImageSummary {
    let digest = try Digest("sha256:" + String(repeating: digit, count: 64))
    return ImageSummary(
      id: digest, names: try names.map { try ImageReference($0) }, repositoryDigests: [],
      manifest: digest, created: created, size: 1, platform: .host, labels: labels, layers: [],
      containers: containers)
  }

  private static func all() throws -> [ImageSummary] {
    [
      try image("a", ["alpine"], created: 30, labels: ["role": "base", "team": "red"]),
      try image("b", ["quay.io/org/app:1.2"], created: 20, labels: ["role": "app"]),
      try image("c", [], created: 10, containers: ["one"]),
    ]
  }

  @Test(arguments: [
    (["dangling=true"], "c"), (["dangling=false"], "ab"), (["label=role"], "ab"),
    (["label=role=app"], "b"), (["label=role", "label=team=red"], "a"), (["label!=team"], "bc"),
    (["reference=alpine"], "a"), (["reference=quay.io/*/app"], "b"), (["reference=quay.io/*"], ""),
    (["reference=alpine", "reference=app:1.*"], "ab"), (["before=alpine"], "bc"),
    (["since=cccc"], "ab"), (["after=cccc"], "ab"), (["id=sha256:bb"], "b"),
    (["containers=true"], "c"), (["until=1970-01-02"], "abc"), (["until=0"], ""),
    (["label=role", "dangling=true"], ""), (["readonly=false"], "abc"), (["readonly=true"], ""),
  ]) func keepsWhatMatches(filters: [String], left: String) throws {
    let images = try Self.all()
    let filter = try ImageFilter(filters, among: images)
    let kept = images.filter { filter.matches($0) }.map { String($0.id.hex.prefix(1)) }.joined()
    #expect(kept == left)
  }

  @Test(arguments: ["colour=red", "dangling=perhaps", "dangling", "before=nosuch", "until=soon"])
  func refusesWhatItDoesNotKnow(filter: String) throws {
    let images = try Self.all()
    #expect(throws: ErrorReport.self) { try ImageFilter([filter], among: images) }
  }

  @Test(arguments: [
    ("alpine", true), ("alpine:latest", true), ("alpine:3", false), ("library/alpine", true),
    ("docker.io/library/alpine:latest", true), ("al*", true), ("al?ine", true),
    ("[a-c]lpine", true),
    ("[^a-c]lpine", false), ("*/alpine", true), ("pine", false), ("", false), ("[", false),
  ]) func matchesNamesFromAnyPartOn(pattern: String, matches: Bool) throws {
    #expect(ImageNamePattern(pattern).matches(try ImageReference("alpine")) == matches)
  }
}
