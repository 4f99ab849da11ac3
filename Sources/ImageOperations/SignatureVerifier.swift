import Distribution
import ImageStore
import LinuxSystem
import Model
import RegistryConfig

/// Verifies signatures with GnuPG, by a key ring of its own that holds only the trusted keys.
final class SignatureVerifier {
  private let staging: Staging
  private var directory: String { staging.directory }
  private let gpg: String

  init(_ store: ImageStore, _ wanted: TrustPolicy.SignedBy) throws {
    guard let gpg = Program.find("gpg", in: CurrentProcess.searchPath + Program.systemDirectories)
    else {
      throw ErrorReport(
        .unavailable, "signatures cannot be verified: gpg is not installed",
        hint: "sudo apt-get install gpg")
    }
    self.gpg = gpg
    staging = try Staging(store)
    var keys = wanted.keyPaths
    if let data = wanted.keyData {
      guard let bytes = Base64.decodeBytes(data) else {
        throw ErrorReport(.invalidRequest, "keyData of policy.json is no Base64")
      }
      try write("key", bytes)
      keys.append("\(directory)/key")
    }
    for key in keys {
      guard FileTree.exists(key) else {
        throw ErrorReport(
          .notFound, "the key \(key) of policy.json does not exist",
          hint: "correct keyPath, or put the key there")
      }
      let outcome = try run(["--import", key])
      guard outcome.end == .exited(0) else {
        throw ErrorReport(.invalidRequest, "the key \(key) of policy.json cannot be read by gpg")
      }
    }
  }

  /// What the signature signs.
  ///
  /// - Throws: a report when no trusted key made it, or the key or signature has expired.
  func payload(of signature: [UInt8]) throws -> [UInt8] {
    for name in ["payload", "status"] { try FileTree.unlinkIfPresent("\(directory)/\(name)") }
    try write("signature", signature)
    let outcome = try run([
      "--status-file", "\(directory)/status", "--output", "\(directory)/payload", "--decrypt",
      "\(directory)/signature",
    ])
    let status = (try? FileTree.readText("\(directory)/status", limit: 1 << 20)) ?? ""
    let words = Set(
      status.split(separator: "\n").compactMap { line -> String? in
        let parts = line.split(separator: " ")
        return parts.count > 1 && parts[0] == "[GNUPG:]" ? String(parts[1]) : nil
      })
    let bad: Set<String> = [
      "BADSIG", "ERRSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG", "NODATA", "DECRYPTION_OKAY",
    ]
    guard outcome.end == .exited(0), words.contains("VALIDSIG"), words.contains("GOODSIG"),
      words.isDisjoint(with: bad)
    else { throw ErrorReport(.notPermitted, Self.reason(words)) }
    return try FileTree.read("\(directory)/payload", limit: 1 << 20)
  }

  private static func reason(_ words: Set<String>) -> String {
    if words.contains("NO_PUBKEY") { return "it is by none of the trusted keys" }
    if words.contains("EXPSIG") { return "it has expired" }
    if words.contains("EXPKEYSIG") { return "its key has expired" }
    if words.contains("REVKEYSIG") { return "its key was revoked" }
    if words.contains("BADSIG") { return "it is damaged or forged" }
    return "it is no signature that gpg can verify"
  }

  private func run(_ arguments: [String]) throws -> Program.Output {
    try Program(
      gpg,
      [
        "--homedir", directory, "--batch", "--no-tty", "--quiet", "--no-autostart",
        "--trust-model", "always", "--no-auto-key-retrieve",
      ] + arguments
    ).run()
  }

  private func write(_ name: String, _ bytes: [UInt8]) throws {
    let path = "\(directory)/\(name)"
    let file = try OwnedDescriptor.open(path, [.writeOnly, .create, .truncate])
    try OpenFile.write(file.raw, bytes, 0..<bytes.count)
  }
}
