/// What a runtime says of a container (runtime-spec runtime.md#state).
public struct RuntimeState: JSONRecord, Equatable {
  public enum Status: String, JSONField {
    case creating, created, running, paused, stopped
  }

  public var ociVersion = "1.3.0"
  public var id = ""
  public var status = Status.creating
  /// In the runtime's pid namespace; 0 when there is no process.
  public var pid: Int32 = 0
  /// The bundle's absolute path.
  public var bundle = ""
  /// The root filesystem's absolute path (an addition of runc and crun).
  public var rootfs: String?
  /// RFC 3339, UTC (an addition of runc and crun).
  public var created: String?
  /// The owner's name (an addition of runc and crun).
  public var owner: String?
  public var annotations: [String: String] = [:]

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("ociVersion", &ociVersion)
    try fields.required("id", &id)
    try fields.optionalNumber("pid", &pid)
    try fields.required("status", &status)
    try fields.required("bundle", &bundle)
    try fields.optional("rootfs", &rootfs)
    try fields.optional("created", &created)
    try fields.optional("owner", &owner)
    try fields.map("annotations", &annotations)
  }
}

extension RecordFields {
  /// A number that is written always and zero when missing.
  mutating func optionalNumber(_ key: String, _ field: inout Int32) throws(SpecError) {
    var value: Int32? = field
    try optional(key, &value)
    field = value ?? 0
  }
}
