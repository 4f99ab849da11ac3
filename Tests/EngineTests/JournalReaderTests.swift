import Testing

@testable import Engine

@Suite struct JournalReaderTests {
  /// systemd's programs would tell the service manager how they ended.
  @Test func journalctlHasNobodyToNotify() {
    #expect(
      JournalReader.environment(["PATH=/bin", "NOTIFY_SOCKET=/run/notify", "HOME=/"])
        == ["PATH=/bin", "HOME=/"])
  }
}
