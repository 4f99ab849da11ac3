public import Model

/// A secret's name and what is known of it; never what it holds.
public struct Secret: Equatable, Sendable {
  /// 25 hexadecimal digits.
  public var id: String
  public var name: String
  /// Nanoseconds since the epoch.
  public var created: Int64
  public var updated: Int64
  public var labels: [String: String]
  public var driver: String
  public var driverOptions: [String: String]

  init?(_ record: LineRecord) {
    guard let id = record["id"], let name = record["name"] else { return nil }
    self.id = id
    self.name = name
    created = record.integer("created") ?? 0
    updated = record.integer("updated") ?? created
    driver = record["driver"] ?? "file"
    labels = record.pairs("label")
    driverOptions = record.pairs("driver-option")
  }

  init(id: String, name: String, now: Int64, labels: [String: String]) {
    self.id = id
    self.name = name
    created = now
    updated = now
    self.labels = labels
    driver = "file"
    driverOptions = [:]
  }

  var record: LineRecord {
    var record = LineRecord()
    record.append("id", id)
    record.append("name", name)
    record.append("created", "\(created)")
    record.append("updated", "\(updated)")
    record.append("driver", driver)
    record.append("label", pairs: labels)
    record.append("driver-option", pairs: driverOptions)
    return record
  }
}

/// What can be wrong with secrets.
public enum SecretError: ReportableError {
  case unknown(String)
  case ambiguous(String)
  case exists(String)
  case invalidName(String)
  case badSize(Int)

  public var report: ErrorReport {
    switch self {
    case .unknown(let name):
      ErrorReport(.notFound, "no secret with name or id \"\(name)\": no such secret")
    case .ambiguous(let name):
      ErrorReport(
        .invalidRequest, "\"\(name)\" is the start of more than one secret id",
        hint: "give more digits")
    case .exists(let name):
      ErrorReport(
        .conflict, "secret name \(name): secret name in use",
        hint: "use --replace to give it new content, or --ignore to keep it")
    case .invalidName(let name):
      ErrorReport(
        .invalidRequest,
        "secret name \"\(name)\" is not valid: at most 253 characters, none of , / = or a control "
          + "character")
    case .badSize(let size):
      ErrorReport(
        .invalidRequest,
        "secret data must be larger than 0 and less than 512000 bytes: it has \(size)")
    }
  }
}
