extension Event {
  /// Which events these are: the directory that would have them in files.
  static let placeField = "MARTLET_EVENTS"
  /// The event as a file would have it.
  private static let eventField = "MARTLET_EVENT"

  /// The event in the journal's native protocol: whole for us, and in podman's fields for queries.
  func journalRecord(for directory: String) -> [UInt8] {
    let text = String(line.dropLast())
    var fields = [
      "MESSAGE=\(kind.rawValue) \(action) \(id.isEmpty ? name : id)", "PRIORITY=6",
      "SYSLOG_IDENTIFIER=martlet", "\(Self.placeField)=\(directory)", "\(Self.eventField)=\(text)",
      "PODMAN_TYPE=\(kind.rawValue)", "PODMAN_EVENT=\(action)", "PODMAN_ID=\(id)",
      "PODMAN_NAME=\(name)",
    ]
    if !image.isEmpty { fields.append("PODMAN_IMAGE=\(image)") }
    if let code = self[Self.exitCode] { fields.append("PODMAN_EXIT_CODE=\(code)") }
    if let health = self[Self.health] { fields.append("PODMAN_HEALTH_STATUS=\(health)") }
    if let log = self[Self.healthLog] { fields.append("PODMAN_HEALTH_LOG=\(log)") }
    return fields.flatMap(JournalSocket.field)
  }

  /// Nil for a record that is not an event.
  public init?(record: JournalRecords.Record) {
    guard let field = record.first(where: { $0.name == Self.eventField }) else { return nil }
    self.init(line: field.value)
  }

  /// What journalctl is to look for: `directory`'s events that user `uid` wrote.
  public static func journalMatches(_ directory: String, uid: UInt32) -> [String] {
    ["\(placeField)=\(directory)", "_UID=\(uid)"]
  }
}
