import Model
public import OCISpec

/// A secret that a container has, as a file or in its environment.
public struct ContainerSecret: JSONRecord, Equatable {
  /// The secret's id; its name is kept for messages.
  public var id = ""
  public var name = ""
  /// An absolute path, or the variable's name.
  public var target = ""
  public var isVariable = false
  public var uid: UInt32 = 0
  public var gid: UInt32 = 0
  /// Permission bits.
  public var mode: UInt32 = 0o444

  public init() {}

  public mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("id", &id)
    try fields.required("name", &name)
    try fields.required("target", &target)
    try fields.flag("isVariable", &isVariable)
    try fields.required("uid", &uid)
    try fields.required("gid", &gid)
    try fields.required("mode", &mode)
  }

  /// Reads `NAME[,type=mount|env][,target=][,uid=][,gid=][,mode=]` of `--secret`.
  static func parse(_ text: String, _ store: SecretStore) throws -> ContainerSecret {
    var secret = ContainerSecret()
    var source: String?
    var ownerOrMode = false
    for (index, part) in text.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        .map(String.init)
      guard pair.count == 2 else {
        guard index == 0, !pair[0].isEmpty else { throw bad(text, "\"\(part)\" is not KEY=VALUE") }
        source = pair[0]
        continue
      }
      switch pair[0] {
      case "source", "src": source = pair[1]
      case "type":
        guard ["mount", "env"].contains(pair[1]) else {
          throw bad(text, "type \(pair[1]) is invalid: it is mount or env")
        }
        secret.isVariable = pair[1] == "env"
      case "target", "dst", "destination": secret.target = pair[1]
      case "uid", "UID":
        secret.uid = try number(pair[1], 10, text)
        ownerOrMode = true
      case "gid", "GID":
        secret.gid = try number(pair[1], 10, text)
        ownerOrMode = true
      case "mode":
        secret.mode = try number(pair[1], 8, text)
        ownerOrMode = true
      default: throw bad(text, "unknown option \"\(pair[0])\"")
      }
    }
    guard let source, !source.isEmpty else { throw bad(text, "no source is given") }
    guard !(secret.isVariable && ownerOrMode) else {
      throw bad(text, "uid, gid and mode are not for type=env")
    }
    let found = try store.resolve(source)
    secret.id = found.id
    secret.name = found.name
    if secret.isVariable {
      if secret.target.isEmpty { secret.target = found.name }
    } else if !secret.target.hasPrefix("/") {
      secret.target = "/run/secrets/\(secret.target.isEmpty ? found.name : secret.target)"
    }
    return secret
  }

  private static func number(_ value: String, _ radix: Int, _ text: String) throws(ErrorReport)
    -> UInt32
  {
    guard let number = UInt32(value, radix: radix), number <= 0x7FFF_FFFF else {
      throw bad(text, "\"\(value)\" is not a number in range")
    }
    return number
  }

  private static func bad(_ text: String, _ reason: String) -> ErrorReport {
    ErrorReport(.invalidRequest, "invalid secret \"\(text)\": \(reason)")
  }
}
