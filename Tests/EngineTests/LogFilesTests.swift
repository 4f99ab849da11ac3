import LinuxSystem
import Model
import Testing

@testable import Engine

@Suite struct LogFilesTests {
  let directory: String
  var path: String { "\(directory)/log" }

  init() throws {
    let random = try CurrentProcess.randomBytes(6).map { String($0, radix: 16) }.joined()
    directory = "/tmp/martlet-logfiles-test-\(random)"
    try FileTree.ensureDirectory(directory)
  }

  private static let time = "2026-01-02T03:04:05.000000000+00:00"

  private func append(_ lines: some Sequence<String>, to name: String = "log") throws {
    let file = try OwnedDescriptor.open(
      "\(directory)/\(name)", [.writeOnly, .append, .create])
    for line in lines { try Descriptor.writeAll(file.raw, "\(Self.time) stdout \(line)\n") }
  }

  private func rotate(_ files: Int) throws {
    for number in stride(from: files - 1, through: 1, by: -1) {
      let from = number == 1 ? path : "\(path).\(number - 1)"
      if FileTree.exists(from) { try FileTree.rename(from, to: "\(path).\(number)") }
    }
  }

  private func open(_ limit: Int = 1, _ format: LogFileFormat = .k8s) throws -> LogFiles {
    try LogFiles(path: path, format: format, limit: limit)
  }

  private func rest(_ files: LogFiles) throws -> [String] {
    var all: [String] = []
    while let line = try files.next() { all.append(String(decoding: line.text, as: UTF8.self)) }
    return all
  }

  @Test func readsRotatedFilesFirst() throws {
    defer { try? FileTree.removeTree(directory) }
    try append(["F one"], to: "log.2")
    try append(["F two", "F three"], to: "log.1")
    try append(["F four"])
    #expect(try rest(open(3)) == ["one", "two", "three", "four"])
    #expect(try rest(open(1)) == ["four"])
  }

  @Test func losesNothingOverRotations() throws {
    defer { try? FileTree.removeTree(directory) }
    try append(["F 0"])
    let files = try open(4)
    var seen = try rest(files)
    var number = 1
    for burst in 0..<30 {
      // Up to three rotations between two looks: the file that is being read just stays.
      for _ in 0..<(burst % 4) {
        try append((number..<(number + 3)).map { "F \($0)" })
        number += 3
        try rotate(4)
      }
      try append(["F \(number)"])
      number += 1
      seen += try rest(files)
    }
    #expect(seen == (0..<number).map { "\($0)" })
  }

  @Test func readsTheEndOfAFileThatWasRemoved() throws {
    defer { try? FileTree.removeTree(directory) }
    try append(["F one"])
    let files = try open()
    #expect(try rest(files) == ["one"])
    try append(["F two"])
    try FileTree.unlink(path)
    try append(["F three"])
    #expect(try rest(files) == ["two", "three"])
  }

  @Test func startsAnewWhenTheFileWasEmptied() throws {
    defer { try? FileTree.removeTree(directory) }
    try append(["F one", "F two"])
    let files = try open()
    #expect(try rest(files) == ["one", "two"])
    let file = try OwnedDescriptor.open(path, [.writeOnly])
    try Descriptor.truncate(file.raw, to: 0)
    try append(["F three"])
    #expect(try rest(files) == ["three"])
  }

  @Test func leavesOutWhatIsNoRecord() throws {
    defer { try? FileTree.removeTree(directory) }
    try FileTree.write(
      path, "torn\n\nx y z\n\(Self.time) stdout F good\n\(Self.time) stderr F half")
    let files = try open()
    #expect(try rest(files) == ["good"])
    let file = try OwnedDescriptor.open(path, [.writeOnly, .append])
    try Descriptor.writeAll(file.raw, "-done\n")
    let line = try #require(try files.next())
    #expect(String(decoding: line.text, as: UTF8.self) == "half-done")
    #expect(line.isError)
  }

  @Test(
    arguments: [
      (0, []), (1, ["e"]), (2, ["c", "d", "e"]), (3, ["b", "c", "d", "e"]),
      (4, ["a", "b", "c", "d", "e"]), (100, ["a", "b", "c", "d", "e"]),
    ] as [(Int, [String])])
  func findsTheLastLines(count: Int, expected: [String]) throws {
    defer { try? FileTree.removeTree(directory) }
    try append(["F a"], to: "log.1")
    try append(["F b", "P c", "F d", "P e"])
    let files = try open(2)
    try files.seekTail(count, until: nil)
    #expect(try rest(files) == expected)
  }

  @Test func findsTheLastLinesOfABigFile() throws {
    defer { try? FileTree.removeTree(directory) }
    try append((0..<20_000).map { "F line \($0)" })
    for count in [1, 700, 5_000] {
      let files = try open()
      try files.seekTail(count, until: nil)
      let lines = try rest(files)
      #expect(lines.count == count)
      #expect(lines.first == "line \(20_000 - count)")
      #expect(lines.last == "line 19999")
    }
  }

  @Test func readsLinesLongerThanItsBuffer() throws {
    defer { try? FileTree.removeTree(directory) }
    let long = String(repeating: "x", count: 300_000)
    try append(["F a", "F \(long)", "F b"])
    #expect(try rest(open()) == ["a", long, "b"])
  }

  @Test func readsTheFormatOfDocker() throws {
    defer { try? FileTree.removeTree(directory) }
    try FileTree.write(
      path,
      #"""
      {"log":"say \"hi\"\n","stream":"stdout","time":"2026-01-02T03:04:05Z"}
      {"log":"rest","stream":"stderr","attrs":{"tag":"x"},"time":"2026-01-02T03:04:06Z"}

      """#)
    let files = try open(1, .json)
    let first = try #require(try files.next())
    let second = try #require(try files.next())
    #expect(String(decoding: first.text, as: UTF8.self) == "say \"hi\"")
    #expect(!first.isPartial && !first.isError && second.isPartial && second.isError)
    #expect(second.moment == 1_767_323_046_000_000_000)
  }
}
