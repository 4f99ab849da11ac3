import Foundation
import ImageStore
import LinuxSystem
import Model
import Testing

/// The corpus of `Corpus/hostile.py`: whatever an archive of images says, it is refused or harmless,
/// and the store is whole.
@Suite(.enabled(if: HelperRun.isPossible, "no user namespace can be had"))
struct HostileImageTests {
  private static let script =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Corpus/hostile.py"

  @Test(.enabled(if: HelperRun.has("python3"), "python3 makes the archives"))
  func refusesOrContainsThem() throws {
    let helper = try HelperRun()
    let corpus = "\(helper.scratch)/corpus"
    let outside = "\(helper.scratch)/outside"
    for path in [corpus, outside] { try FileTree.ensureDirectory(path) }
    try FileTree.write("\(outside)/secret", "{}")
    let made = try HelperRun.run("python3", [Self.script, corpus, outside])
    try #require(made.status == 0, "\(made.output)")
    let lines = try FileTree.readText("\(corpus)/list").split(separator: "\n")
    #expect(lines.count >= 180)
    for line in lines {
      let words = line.split(separator: " ").map(String.init)
      let answer = try helper.run(.load(LoadRequest(path: "\(corpus)/\(words[1]).tar")))
      check(answer, words[1], expected: words[0])
      try helper.forgetAnswers()
    }
    #expect(try FileTree.list(outside) == ["secret"])
    #expect(try FileTree.readText("\(outside)/secret") == "{}")
    let users = CollectRequest()
    _ = try helper.run(.collect(users))
    #expect(try helper.leftovers() == [])
    let all = CheckRequest(
      depth: .files, repair: false, discard: false, age: 0, users: users, mounted: [],
      imagesInUse: [])
    #expect(try helper.run(.check(all)).result?.problems == [])
  }

  private func check(_ answer: HelperRun.Answer, _ name: String, expected: String) {
    // Neither killed nor confused: an answer, and the status that goes with it.
    #expect((answer.error == nil) == (answer.status == 0), "\(name): status \(answer.status)")
    #expect((answer.error == nil) != (answer.result == nil), "\(name)")
    if expected == "refused" { #expect(answer.error != nil, "\(name) was accepted") }
    guard let error = answer.error else { return }
    #expect(error.kind != .bug, "\(name): \(error.message)")
    #expect(!error.message.contains("SECRET"), "\(name): \(error.message)")
  }

  /// F29 and the parsers: bytes changed by chance in good documents never end the helper otherwise
  /// than with an answer.
  @Test(.enabled(if: HelperRun.has("python3"), "python3 makes the archives"))
  func survivesChangedBytes() throws {
    let helper = try HelperRun()
    let corpus = "\(helper.scratch)/corpus"
    try FileTree.ensureDirectory(corpus)
    let made = try HelperRun.run("python3", [Self.script, corpus, helper.scratch])
    try #require(made.status == 0, "\(made.output)")
    let seed = UInt64(ProcessInfo.processInfo.environment["MARTLET_SEED"] ?? "") ?? 1
    var random = Scatter(state: seed)
    for round in 0..<60 {
      let name = round % 2 == 0 ? "docker-good" : "oci-good"
      var bytes = try FileTree.read("\(corpus)/\(name).tar")
      for _ in 0...Int(random.next() % 6) {
        bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      let path = "\(corpus)/changed.tar"
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let answer = try helper.run(.load(LoadRequest(path: path)))
      check(answer, "\(name), seed \(seed), round \(round)", expected: "contained")
      try helper.forgetAnswers()
    }
  }

  /// Random numbers that a seed repeats (SplitMix64).
  private struct Scatter {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }
}

extension HelperRun {
  /// Removes the requests and answers of runs that are over.
  func forgetAnswers() throws {
    for name in try FileTree.list(scratch) where name.contains(".request") {
      try FileTree.unlinkIfPresent("\(scratch)/\(name)")
    }
  }
}
