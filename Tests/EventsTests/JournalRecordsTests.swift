import LinuxSystem
import Testing

@testable import Events

@Suite struct JournalRecordsTests {
  /// systemd's programs would tell the service manager how they ended.
  @Test func journalctlHasNobodyToNotify() {
    #expect(
      JournalRecords.environment(["PATH=/bin", "NOTIFY_SOCKET=/run/notify", "HOME=/"])
        == ["PATH=/bin", "HOME=/"])
  }

  /// What comes out of `text`, as `NAME=value`.
  private func records(_ text: String) throws -> [[String]] {
    let ends = try OwnedDescriptor.pipe()
    try Descriptor.writeAll(ends.writeEnd.raw, text)
    let source = ends.split { readEnd, _ in readEnd }
    let reader = JournalRecords(source)
    var found: [[String]] = []
    while let record = try reader.next() {
      found.append(record.map { "\($0.name)=\(String(decoding: $0.value, as: UTF8.self))" })
    }
    return found
  }

  @Test func fieldsAreLinesOrHaveALength() throws {
    let binary = "NOTE\n\u{9}\0\0\0\0\0\0\0two\nlines\n"
    #expect(
      try records("A=1\nB=x=y\n\n\(binary)C=\n\n")
        == [["A=1", "B=x=y"], ["NOTE=two\nlines", "C="]])
  }

  @Test func aRecordThatIsTornIsNone() throws {
    #expect(try records("A=1\n\nB=2\n") == [["A=1"]])
  }

  @Test func eventsComeBackFromTheJournalAsTheyWere() throws {
    let random = try CurrentProcess.randomBytes(6).map { String($0, radix: 16) }.joined()
    let directory = "/tmp/martlet-events-test-\(random)"
    try FileTree.ensureDirectory(directory)
    defer { try? FileTree.removeTree(directory) }
    let handle = try OwnedDescriptor.open(directory, [.path, .directory])
    let journal = try UnixSocket.listen(directory: handle.raw, name: "socket", kind: .datagram)
    var event = Event(.container, "died", time: 17)
    event.id = "abc"
    event.name = "web"
    event.attributes = [.init(Event.exitCode, "3"), .init("note", "two\nlines\tof it")]
    EventLog(EventLog.journalPlace("/data/events"), journal: "\(directory)/socket").record(event)
    let message = try UnixSocket.receive(journal.raw, limit: 65_536)
    let fields = String(decoding: message.bytes, as: UTF8.self).split(separator: "\n")
    #expect(fields.contains("MARTLET_EVENTS=/data/events"))
    #expect(fields.contains("PODMAN_EXIT_CODE=3"))
    #expect(fields.contains("MESSAGE=container died abc"))
    let whole = try #require(fields.first { $0.hasPrefix("MARTLET_EVENT=") }).dropFirst(14)
    #expect(Event(record: [("MARTLET_EVENT", Array(whole.utf8)[...])]) == event)
    #expect(Event(record: [("MESSAGE", Array(whole.utf8)[...])]) == nil)
    #expect(
      Event.journalMatches("/data/events", uid: 7) == ["MARTLET_EVENTS=/data/events", "_UID=7"])
  }
}
