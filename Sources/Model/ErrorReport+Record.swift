extension ErrorReport {
  public var record: LineRecord {
    var record = LineRecord()
    record.append("kind", kind.rawValue)
    record.append("message", message)
    record["hint"] = hint
    return record
  }

  /// Nil when the record has no kind that we know or no message.
  public init?(_ record: LineRecord) {
    guard let kind = record["kind"].flatMap(Kind.init(rawValue:)), let message = record["message"]
    else { return nil }
    self.init(kind, message, hint: record["hint"])
  }
}
