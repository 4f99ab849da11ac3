import LinuxSystem
import Model
import Testing

@testable import Monitor

@Suite struct LogWriterTests {
  let directory: String

  init() throws {
    let random = try CurrentProcess.randomBytes(6).map { String($0, radix: 16) }.joined()
    directory = "/tmp/martlet-log-test-\(random)"
    try FileTree.ensureDirectory(directory)
  }

  private func text(_ name: String) -> String {
    (try? FileTree.readText("\(directory)/\(name)")) ?? ""
  }

  /// Time, stream and tag cut off.
  private func records(_ text: String) -> [Substring] {
    text.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 1)[1] }
  }

  private func bytes(_ text: String) -> ArraySlice<UInt8> { Array(text.utf8)[...] }

  @Test func writesTheFormatOfKubernetes() throws {
    defer { try? FileTree.removeTree(directory) }
    let writer = try LogWriter(.init(driver: .k8sFile, path: "\(directory)/log"))
    writer.write(bytes("one\ntwo\nthr"), of: .standardOutput)
    writer.write(bytes("ee\n\n"), of: .standardOutput)
    writer.write([0xFF, 0x00, 0x0A][...], of: .standardError)
    writer.finish()
    let content = try FileTree.read("\(directory)/log")
    #expect(Array(content.suffix(3)) == [0xFF, 0x00, 0x0A])
    let lines = text("log").split(separator: "\n")
    #expect(lines.map { $0.dropFirst(36).prefix(12) }.first == "stdout F one")
    #expect(
      records(text("log")).prefix(5) == [
        "stdout F one", "stdout F two", "stdout P thr", "stdout F ee", "stdout F ",
      ])
    let shape = #/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}[+-]\d\d:\d\d std(out|err) [FP] /#
    for line in lines { #expect(line.prefixMatch(of: shape) != nil, "\(line)") }
  }

  @Test func writesTheFormatOfDocker() throws {
    defer { try? FileTree.removeTree(directory) }
    let writer = try LogWriter(.init(driver: .jsonFile, path: "\(directory)/log"))
    writer.write(bytes("say \"hi\"\t\\\u{1}é"), of: .standardOutput)
    writer.write(bytes("\n"), of: .standardOutput)
    writer.write([0x61, 0xFF, 0xC3, 0x0A][...], of: .standardError)
    writer.write(bytes("tail"), of: .standardOutput)
    writer.finish()
    let lines = text("log").split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines[0].hasPrefix(#"{"log":"say \"hi\"\t\\\u0001é\n","stream":"stdout","time":"2"#))
    #expect(lines[1].hasPrefix(#"{"log":"a\ufffd\ufffd\n","stream":"stderr","time":"2"#))
    #expect(lines[2].hasPrefix(#"{"log":"tail","stream":"stdout""#))
    #expect(lines.allSatisfy { $0.hasSuffix("Z\"}") })
  }

  @Test func rotatesAtItsSize() throws {
    defer { try? FileTree.removeTree(directory) }
    let writer = try LogWriter(
      .init(driver: .k8sFile, path: "\(directory)/log", maximumSize: 1_000, maximumFiles: 3))
    for number in 0..<100 { writer.write(bytes("line \(number)\n"), of: .standardOutput) }
    #expect(!FileTree.exists("\(directory)/log.3"))
    var kept: [Substring] = []
    for name in ["log.2", "log.1", "log"] {
      let content = text(name)
      #expect(content.utf8.count <= 1_000)
      kept += records(content)
    }
    #expect(kept == (100 - kept.count..<100).map { "stdout F line \($0)" })
    #expect(kept.count > 30)
  }

  @Test func oneFileStartsAnew() throws {
    defer { try? FileTree.removeTree(directory) }
    let writer = try LogWriter(
      .init(driver: .k8sFile, path: "\(directory)/log", maximumSize: 500, maximumFiles: 1))
    for number in 0..<50 { writer.write(bytes("line \(number)\n"), of: .standardOutput) }
    #expect(try FileTree.list(directory) == ["log"])
    #expect(records(text("log")).last == "stdout F line 49")
    #expect(text("log").utf8.count <= 500)
  }

  @Test func aRenamedFileIsLeftAfterReopening() throws {
    defer { try? FileTree.removeTree(directory) }
    let writer = try LogWriter(.init(driver: .k8sFile, path: "\(directory)/log"))
    writer.write(bytes("before\n"), of: .standardOutput)
    try FileTree.rename("\(directory)/log", to: "\(directory)/old")
    writer.reopen()
    writer.write(bytes("after\n"), of: .standardOutput)
    #expect(records(text("old")) == ["stdout F before"])
    #expect(records(text("log")) == ["stdout F after"])
  }

  @Test func theLossIsNotedWhenThereIsRoomAgain() throws {
    defer { try? FileTree.removeTree(directory) }
    let path = "\(directory)/log"
    let writer = try LogWriter(.init(driver: .k8sFile, path: path))
    writer.write(bytes("kept\n"), of: .standardOutput)
    // A directory in the file's place: nothing can be written, whatever the user's rights.
    try FileTree.unlink(path)
    try FileTree.makeDirectory(path)
    writer.reopen()
    writer.write(bytes("lost\nlost\n"), of: .standardOutput)
    #expect(writer.lost == 2)
    try FileTree.removeDirectory(path)
    writer.write(bytes("back\n"), of: .standardOutput)
    #expect(
      records(text("log")) == [
        "stderr F martlet: 2 log records were lost: is a directory", "stdout F back",
      ])
    #expect(writer.lost == 0)
  }
}

@Suite struct LogTimestampTests {
  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000000000Z"),
      (951_782_400_123_456_789, "2000-02-29T00:00:00.123456789Z"),
      (1_767_225_599_999_999_999, "2025-12-31T23:59:59.999999999Z"),
      (4_107_542_400_000_000_001, "2100-03-01T00:00:00.000000001Z"),
    ] as [(Int64, String)])
  func spellsMoments(nanoseconds: Int64, spelled: String) {
    var timestamp = LogTimestamp(utc: true)
    var buffer: [UInt8] = []
    timestamp.append(nanoseconds, to: &buffer)
    #expect(String(decoding: buffer, as: UTF8.self) == spelled)
  }
}
