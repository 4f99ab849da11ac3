import Events
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

  @Test func recordsOfJSONCarryTheirAttributes() throws {
    defer { try? FileTree.removeTree(directory) }
    var log = MonitorOrder.Log(driver: .jsonFile, path: "\(directory)/log")
    log.attributes = #"{"tag":"web"}"#
    let writer = try LogWriter(log)
    writer.write(bytes("x\n"), of: .standardOutput)
    #expect(
      text("log").hasPrefix(#"{"log":"x\n","stream":"stdout","attrs":{"tag":"web"},"time":"2"#))
  }
}

@Suite final class JournalSocketTests {
  let directory: String
  let path: String
  private var journal: HeldDescriptor?

  init() throws {
    let random = try CurrentProcess.randomBytes(6).map { String($0, radix: 16) }.joined()
    directory = "/tmp/martlet-journal-test-\(random)"
    try FileTree.ensureDirectory(directory)
    path = "\(directory)/socket"
    journal = try Self.listen(directory)
  }

  private static func listen(_ directory: String) throws -> HeldDescriptor {
    let handle = try OwnedDescriptor.open(directory, [.path, .directory])
    return HeldDescriptor(
      try UnixSocket.listen(directory: handle.raw, name: "socket", kind: .datagram))
  }

  private func receive(_ socket: HeldDescriptor?) throws -> String {
    let message = try UnixSocket.receive(try #require(socket).raw, limit: 65_536)
    guard message.bytes.isEmpty else { return String(decoding: message.bytes, as: UTF8.self) }
    guard let file = message.takeDescriptor() else { return "" }
    try Descriptor.rewind(file.raw)
    return String(decoding: try Descriptor.readAll(file.raw), as: UTF8.self)
  }

  private func writer() throws -> LogWriter {
    var log = MonitorOrder.Log(driver: .journald, path: path)
    log.fields = ["CONTAINER_NAME=web", "NOTE=two\nlines"]
    return try LogWriter(log)
  }

  @Test func sendsOneDatagramForEachLine() throws {
    defer { try? FileTree.removeTree(directory) }
    let writer = try writer()
    writer.write(Array("one\ntw".utf8)[...], of: .standardOutput)
    writer.write(Array("bad\n".utf8)[...], of: .standardError)
    writer.write(Array("o\nrest".utf8)[...], of: .standardOutput)
    writer.finish()
    let fields = "CONTAINER_NAME=web\nNOTE\n\u{9}\0\0\0\0\0\0\0two\nlines\n"
    #expect(try receive(journal) == fields + "PRIORITY=6\nMESSAGE=one\n")
    #expect(try receive(journal) == fields + "PRIORITY=3\nMESSAGE=bad\n")
    #expect(try receive(journal) == fields + "PRIORITY=6\nMESSAGE=two\n")
    #expect(
      try receive(journal)
        == fields + "PRIORITY=6\nCONTAINER_PARTIAL_MESSAGE=true\nMESSAGE=rest\n")
  }

  @Test func sendsBigRecordsAsFiles() throws {
    defer { try? FileTree.removeTree(directory) }
    let socket = JournalSocket(path)
    let record = [UInt8](repeating: 0x61, count: 1 << 20)
    try socket.send(record, patient: false)
    #expect(try receive(journal).utf8.count == 1 << 20)
  }

  @Test func neverWaitsLongForAJournalThatIsStuck() throws {
    defer { try? FileTree.removeTree(directory) }
    let writer = try writer()
    let start = Clock.monotonic()
    for number in 0..<5_000 {
      writer.write(Array("line \(number)\n".utf8)[...], of: .standardOutput)
    }
    #expect(writer.lost > 1_000)
    #expect(Clock.monotonic() - start < 5_000_000_000)
    for _ in 0..<(5_000 - writer.lost) { _ = try receive(journal) }
    writer.write(Array("after\n".utf8)[...], of: .standardOutput)
    #expect(try receive(journal).contains("log records were lost"))
    #expect(try receive(journal).hasSuffix("MESSAGE=after\n"))
    #expect(writer.lost == 0)
  }

  @Test func findsAJournalThatWasStartedAnew() throws {
    defer { try? FileTree.removeTree(directory) }
    let writer = try writer()
    writer.write(Array("before\n".utf8)[...], of: .standardOutput)
    // Sending to a socket that is gone is refused.
    journal = nil
    let second = try Self.listen(directory)
    writer.write(Array("after\n".utf8)[...], of: .standardOutput)
    #expect(try receive(second).hasSuffix("MESSAGE=after\n"))
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
