public import OCISpec

/// What is added to a container's /etc/passwd and /etc/group.
public struct ContainerAccounts: JSONRecord, Equatable {
  /// Nothing at all (`--passwd=false`).
  public var areLeftAlone = false
  /// Lines as they were given, with `$USERNAME` and others in them.
  public var passwdEntry: String?
  public var groupEntry: String?
  /// Users of the host.
  public var hostUsers: [String] = []

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.flag("areLeftAlone", &areLeftAlone)
    try fields.optional("passwdEntry", &passwdEntry)
    try fields.optional("groupEntry", &groupEntry)
    try fields.list("hostUsers", &hostUsers)
  }
}
