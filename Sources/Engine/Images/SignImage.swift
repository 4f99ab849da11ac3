public import ImageStore
import LinuxSystem
public import Model
import OCISpec
import RegistryConfig

/// Signs images by GnuPG in the form that `signedBy` of policy.json asks for
/// (containers-signature(5)).
///
/// GnuPG runs as the user himself, so that his key ring and his agent are the ones that count.
public struct SignImage {
  public struct Settings: Sendable {
    /// What GnuPG finds the key by: a fingerprint, a key id or an address.
    public var key: String
    /// Where signatures go; nil is the place that registries.d names for the image.
    public var directory: String?
    /// Of a list, its images as well.
    public var all = false
    /// A file with the key's passphrase; nil leaves asking for it to GnuPG's agent.
    public var passphraseFile: String?
    public var access = RegistryAccess()

    public init(key: String) { self.key = key }
  }

  private let context: EngineContext
  private let settings: Settings
  private let gpg: String

  /// - Throws: when there is no GnuPG, or it has no such secret key.
  public init(_ context: EngineContext, _ settings: Settings) throws {
    self.context = context
    self.settings = settings
    guard let gpg = Program.find("gpg", in: CurrentProcess.searchPath + Program.systemDirectories)
    else {
      throw ErrorReport(
        .unavailable, "images cannot be signed: gpg is not installed",
        hint: "sudo apt-get install gpg")
    }
    self.gpg = gpg
    let keys = try run(["--list-secret-keys", settings.key])
    guard keys.end == .exited(0) else {
      throw ErrorReport(
        .notFound, "gpg has no secret key \(settings.key)",
        hint: "see what there is with: gpg --list-secret-keys")
    }
  }

  /// Signs an image that is here, or with `docker://` in front one of a registry.
  ///
  /// - Returns: the files that were written.
  public func run(_ image: String) throws -> [String] {
    let (reference, digests) = try find(image)
    return try digests.map { try sign($0, as: reference) }
  }

  /// Signs what was just pushed under a name: its manifest, and of a list those of its images as
  /// well, which is what `signedBy` asks about.
  ///
  /// - Returns: the files that were written.
  public func signPushed(_ digest: Digest, as reference: ImageReference) throws -> [String] {
    let request = ListRequest(
      .inspect, list: "docker://\(reference.pinned(to: digest).full)", access: settings.access)
    let document = try HelperClient(context).run(.list(request)).document
    let entries = try document.map { try Self.entries(of: $0) } ?? []
    return try ([digest] + entries).map { try sign($0, as: reference) }
  }

  /// Signs a manifest under a name.
  ///
  /// - Returns: the file that was written.
  private func sign(_ digest: Digest, as reference: ImageReference) throws -> String {
    let base = try settings.directory ?? Self.place(of: reference)
    let directory =
      "\(base)/\(reference.repository)@\(digest.algorithm.rawValue)=\(digest.hex)"
    let signature = try signature(of: Self.claim(digest, reference))
    try FileTree.ensureDirectory(directory, mode: 0o755)
    return try Self.keep(signature, in: directory)
  }

  // MARK: What is signed

  private func find(_ image: String) throws -> (reference: ImageReference, digests: [Digest]) {
    if image.hasPrefix("docker://") {
      let reference = try ImageReference(image.dropFirst("docker://".count))
      let result = try HelperClient(context).run(
        .list(ListRequest(.inspect, list: image, access: settings.access)))
      guard let digest = result.digest, let document = result.document else {
        throw ErrorReport(.bug, "the manifest of \(image) has no digest")
      }
      return (reference, [digest] + (settings.all ? try Self.entries(of: document) : []))
    }
    let name = ResolveImage.withoutTransport(image)
    if let list = try ManifestListStore(context.imageStore).findMatch(name),
      let digest = list.list.digest
    {
      let entries = settings.all ? list.list.index.manifests.map(\.digest) : []
      return (list.reference, [digest] + entries)
    }
    guard let match = try context.imageStore.findMatch(name) else {
      throw ImageStoreError.notFound(name)
    }
    guard let known = try match.name ?? context.imageStore.names(of: match.image.id).first else {
      throw ErrorReport(
        .invalidRequest, "image \(name) has no name that could be signed",
        hint: "give it one with: martlet tag \(name) NAME")
    }
    return (known.reference, [known.manifest])
  }

  /// The digests of an index's manifests; none for the manifest of one image.
  private static func entries(of document: String) throws -> [Digest] {
    guard case .object(let index) = try JSONValue(parsing: Array(document.utf8)),
      case .array(let manifests)? = index.find("manifests")
    else { return [] }
    return try manifests.compactMap { entry in
      guard case .object(let members) = entry, case .string(let digest)? = members.find("digest")
      else { return nil }
      return try Digest(digest)
    }
  }

  private static func claim(_ digest: Digest, _ reference: ImageReference) -> [UInt8] {
    func object(_ members: [JSONObject.Member]) -> JSONValue { .object(JSONObject(members)) }
    let critical = object([
      .init("identity", object([.init("docker-reference", .string(reference.full))])),
      .init("image", object([.init("docker-manifest-digest", .string("\(digest)"))])),
      .init("type", .string("atomic container signature")),
    ])
    let optional = object([
      .init("creator", .string("martlet \(MartletVersion.text)")),
      .init("timestamp", .integer(Clock.realtime() / 1_000_000_000)),
    ])
    return object([.init("critical", critical), .init("optional", optional)]).encoded()
  }

  // MARK: How

  private func signature(of claim: [UInt8]) throws -> [UInt8] {
    var arguments: [String] = []
    if let file = settings.passphraseFile {
      arguments += ["--pinentry-mode", "loopback", "--passphrase-file", file]
    }
    let made = try run(
      arguments + ["--no-armor", "--local-user", settings.key, "--output", "-", "--sign"],
      input: claim)
    guard made.end == .exited(0), !made.output.isEmpty else {
      let reason = made.errors.split(separator: "\n").last.map { ": \($0)" } ?? ""
      throw ErrorReport(.notPermitted, "gpg cannot sign with the key \(settings.key)\(reason)")
    }
    return made.output
  }

  private func run(_ arguments: [String], input: [UInt8] = []) throws -> Program.Output {
    try Program(gpg, ["--batch", "--quiet", "--no-auto-key-locate"] + arguments).run(input: input)
  }

  // MARK: Where to

  private static func place(of reference: ImageReference) throws -> String {
    let address = try ConfigFiles.current.signaturePlaces().writableLookaside(for: reference)
    if let address {
      guard address.hasPrefix("file://") else {
        throw ErrorReport(
          .invalidRequest, "signatures cannot be written to \(address)",
          hint: "set lookaside-staging: file:///DIR in registries.d, or give --directory DIR")
      }
      return String(address.dropFirst("file://".count))
    }
    guard let home = CurrentProcess.environment("HOME") else {
      throw ErrorReport(
        .unavailable, "there is no home directory to keep signatures in",
        hint: "give --directory DIR")
    }
    return "\(home)/\(SignaturePlaces.userDirectory)"
  }

  /// Writes the next signature of an image; those that are there stay.
  private static func keep(_ signature: [UInt8], in directory: String) throws -> String {
    let limit = SignaturePlaces.signatureLimit
    for number in 1...limit {
      let path = "\(directory)/signature-\(number)"
      do throws(SystemError) {
        let file = try OwnedDescriptor.open(
          path, [.writeOnly, .create, .exclusive], mode: 0o644)
        try OpenFile.write(file.raw, signature, 0..<signature.count)
        return path
      } catch {
        guard error.errno == Errno.exists else { throw error }
      }
    }
    throw ErrorReport(
      .conflict, "\(directory) has \(limit) signatures, and more are never looked at",
      hint: "remove some of them")
  }
}
