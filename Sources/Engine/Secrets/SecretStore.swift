import LinuxSystem
import Model
import StateStore

/// The secrets of one user: `secrets/<id>/` with a record and the content, only his to read.
public struct SecretStore: Sendable {
  private let context: EngineContext
  private let directory: String

  /// Bytes that a secret may have, as in podman.
  public static let limit = 512_000

  public init(_ context: EngineContext) {
    self.context = context
    directory = "\(context.directories.data)/secrets"
  }

  private func path(_ id: String) -> String { "\(directory)/\(id)" }

  /// All secrets, by name.
  public func list() throws -> [Secret] {
    let names: [String]
    do throws(SystemError) { names = try FileTree.list(directory) } catch {
      if error.errno == Errno.noEntry { return [] }
      throw error
    }
    return try names.filter { $0.count == Self.idLength }.compactMap(load)
      .sorted { $0.name < $1.name }
  }

  private func load(_ id: String) throws -> Secret? {
    try RecordStore(path(id)).find("secret").flatMap(Secret.init)
  }

  private static let idLength = 25

  /// The secret of this name, id, or unambiguous start of an id; nil when there is none.
  public func find(_ text: String) throws -> Secret? {
    let all = try list()
    if let exact = all.first(where: { $0.name == text || $0.id == text }) { return exact }
    let matches = text.isEmpty ? [] : all.filter { $0.id.hasPrefix(text) }
    if matches.count > 1 { throw SecretError.ambiguous(text) }
    return matches.first
  }

  /// - Throws: `SecretError.unknown` when there is none.
  public func resolve(_ text: String) throws -> Secret {
    guard let secret = try find(text) else { throw SecretError.unknown(text) }
    return secret
  }

  /// What the secret holds.
  public func content(_ secret: Secret) throws -> [UInt8] {
    try FileTree.read("\(path(secret.id))/content", limit: Self.limit)
  }

  public enum Conflict: Sendable { case refuse, keep, replace }

  /// Keeps a new secret.
  public func create(
    _ name: String, _ content: [UInt8], labels: [String: String], existing: Conflict
  ) throws -> Secret {
    guard Self.isValid(name) else { throw SecretError.invalidName(name) }
    guard (1..<Self.limit).contains(content.count) else { throw SecretError.badSize(content.count) }
    try FileTree.ensureDirectory(directory, mode: 0o700)
    try FileTree.setMode(directory, 0o700)
    let lockPath = "\(context.directories.data)/locks/secrets"
    let lock = try ObjectLock.acquire(lockPath)
    let old = try list().first { $0.name == name }
    if let old {
      switch existing {
      case .refuse: throw SecretError.exists(name)
      case .keep: return old
      case .replace: break
      }
    }
    let id = RandomName.hexadecimal(try CurrentProcess.randomBytes(13)).prefix(Self.idLength)
    let secret = Secret(id: String(id), name: name, now: Clock.realtime(), labels: labels)
    let draft = "\(directory)/new-\(id)"
    try FileTree.makeDirectory(draft, mode: 0o700)
    let records = RecordStore(draft)
    try records.write("content", bytes: content, durability: .power)
    try records.write("secret", secret.record, durability: .power)
    try FileTree.renameNew(draft, to: path(secret.id))
    if let old { try FileTree.removeTree(path(old.id)) }
    _ = consume lock
    return secret
  }

  /// Removes a secret; containers that have it keep it until they end.
  public func remove(_ secret: Secret) throws { try FileTree.removeTree(path(secret.id)) }

  static func isValid(_ name: String) -> Bool {
    guard !name.isEmpty, name.utf8.count <= 253 else { return false }
    return name.unicodeScalars.allSatisfy { scalar in
      scalar.value >= 0x20 && scalar.value != 0x7F && !",/=".unicodeScalars.contains(scalar)
    }
  }
}
