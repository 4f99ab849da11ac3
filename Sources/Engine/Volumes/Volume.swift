public import Model

/// A named directory that containers share and that outlives them.
public struct Volume: Equatable, Sendable {
  public var name: String
  /// Nanoseconds since the epoch; 0 when nobody noted it.
  public var created: Int64 = 0
  public var labels: [String: String] = [:]
  /// `type`, `device` and `o`, as with mount(8).
  public var options: [String: String] = [:]
  /// Made for one container, with a name that nobody chose.
  public var anonymous = false
  /// Whether files have been found in it when a container used it.
  public var filled = false
  /// Who owns its root, where that was asked for.
  public var uid: UInt32?
  public var gid: UInt32?

  public init(name: String) { self.name = name }

  init(name: String, record: LineRecord) {
    self.name = name
    created = record.integer("created") ?? 0
    anonymous = record.flag("anonymous")
    filled = record.flag("filled")
    labels = record.pairs("label")
    options = record.pairs("option")
    uid = record.integer("uid").map { UInt32(truncatingIfNeeded: $0) }
    gid = record.integer("gid").map { UInt32(truncatingIfNeeded: $0) }
  }

  var record: LineRecord {
    var record = LineRecord()
    record.append("name", name)
    record.append("created", "\(created)")
    if anonymous { record.append("anonymous", "true") }
    record.append("label", pairs: labels)
    record.append("option", pairs: options)
    if let uid { record.append("uid", "\(uid)") }
    if let gid { record.append("gid", "\(gid)") }
    return record
  }
}

/// What can be wrong with volumes.
public enum VolumeError: ReportableError {
  case unknown(String)
  case ambiguous(String, [String])
  case exists(String)
  case inUse(String, by: [String])
  case invalidName(String)

  public var report: ErrorReport {
    switch self {
    case .unknown(let name):
      ErrorReport(.notFound, "no volume with name \"\(name)\" found: no such volume")
    case .ambiguous(let name, let matches):
      ErrorReport(
        .invalidRequest,
        "more than one result for volume name \"\(name)\": \(matches.joined(separator: ", "))")
    case .exists(let name):
      ErrorReport(
        .conflict, "volume with name \(name) already exists: volume already exists",
        hint: "use --ignore to take the one that is there")
    case .inUse(let name, let users):
      ErrorReport(
        .conflict,
        "volume \(name) is being used by the following container(s): "
          + "\(users.joined(separator: ", ")): volume is being used")
    case .invalidName(let name):
      ErrorReport(
        .invalidRequest,
        "volume name \"\(name)\" is not valid: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*")
    }
  }
}
