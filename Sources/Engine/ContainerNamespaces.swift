public import OCISpec

/// The other namespaces, as the command line spells them (`private` or `host`).
public struct ContainerNamespaces: JSONRecord, Equatable {
  public var pid = "private"
  /// `shareable` is one that other containers may join; `none` a private one without /dev/shm.
  public var ipc = "private"
  public var uts = "private"
  public var cgroup = "private"
  /// Empty for the default mapping, or as the command line spells it.
  public var user = ""
  /// The id map relative to that of all containers, `INSIDE:OUTSIDE:COUNT` each, where it was chosen
  /// when the container was created (`--uidmap`, `--userns auto`).
  public var users: [String] = []
  public var groups: [String] = []

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("pid", &pid)
    try fields.required("ipc", &ipc)
    try fields.required("uts", &uts)
    try fields.required("cgroup", &cgroup)
    try fields.required("user", &user)
    try fields.list("users", &users)
    try fields.list("groups", &groups)
  }
}
