import CurlTransport
import Distribution
import ImageStore
import LinuxSystem
import Model
import OCISpec
import RegistryConfig

/// Asks policy.json whether an image may be used, before anything of it is unpacked.
///
/// Every requirement must be met; what cannot be verified is refused.
struct SignatureCheck {
  let store: ImageStore
  private let files = ConfigFiles.current

  init(_ store: ImageStore) { self.store = store }

  /// Checks an image of a registry; `digest` is that of its own manifest.
  ///
  /// `client` reaches the place that has it, under the name `location`.
  func check(
    _ reference: ImageReference, _ digest: Digest, _ client: RegistryClient,
    at location: ImageReference
  ) throws {
    let requirements = try files.policy().requirements(for: reference)
    for requirement in requirements {
      switch requirement {
      case .accept: break
      case .reject: throw refusal(reference.full, "it rejects the image")
      case .unverifiable(let kind):
        throw refusal(reference.full, "it wants \(kind), which cannot be verified here")
      case .signedBy(let wanted): try checkSignatures(reference, digest, wanted)
      case .sigstore(let wanted):
        let found = try SigstoreSignatures(client, location).reasons(reference, digest, wanted)
        guard let reasons = found else { break }
        throw refusal(
          reference.full,
          reasons.isEmpty ? "it has no sigstore signature" : reasons.joined(separator: "; "))
      }
    }
  }

  /// Checks an archive or directory, which has no signatures.
  func check(transport: String, path: String) throws {
    for requirement in try files.policy().requirements(transport: transport, path: path)
    where requirement != .accept {
      throw refusal(
        path == "-" ? "standard input" : path,
        requirement == .reject
          ? "it rejects images from \(transport)"
          : "it wants signatures, which \(transport) does not have")
    }
  }

  private func refusal(_ what: String, _ reason: String) -> ErrorReport {
    ErrorReport(
      .notPermitted, "\(what) is refused by \(files.policyPath ?? "policy.json"): \(reason)",
      hint: "see what is trusted with: martlet image trust show")
  }

  /// One good signature for this digest and name is enough.
  private func checkSignatures(
    _ reference: ImageReference, _ digest: Digest, _ wanted: TrustPolicy.SignedBy
  ) throws {
    guard let base = try files.signaturePlaces().lookaside(for: reference) ?? defaultLookaside()
    else { throw refusal(reference.full, "no place is known that has signatures") }
    let verifier = try SignatureVerifier(store, wanted)
    var reasons: [String] = []
    for number in 1...SignaturePlaces.signatureLimit {
      let address =
        "\(base)/\(reference.repository)@\(digest.algorithm.rawValue)=\(digest.hex)"
        + "/signature-\(number)"
      guard let signature = try SignatureSource(address).load() else { break }
      do {
        let payload = try verifier.payload(of: signature)
        let claim = try SignedClaim(payload)
        guard claim.digest == digest else {
          throw ErrorReport(.notPermitted, "it is for \(claim.digest)")
        }
        guard wanted.identity.accepts(claim.name, for: reference) else {
          throw ErrorReport(.notPermitted, "it is for the name \(claim.name)")
        }
        return
      } catch let report as ErrorReport {
        reasons.append("signature \(number): \(report.message)")
      }
    }
    throw refusal(
      reference.full,
      reasons.isEmpty ? "it has no signature below \(base)" : reasons.joined(separator: "; "))
  }

  private func defaultLookaside() -> String? {
    CurrentProcess.environment("HOME").map { "file://\($0)/\(SignaturePlaces.userDirectory)" }
  }
}

/// One signature, at a file: or http(s): address.
struct SignatureSource {
  private let address: String
  private static let limit = 1 << 20

  init(_ address: String) { self.address = address }

  /// Nil when there is none.
  func load() throws -> [UInt8]? {
    if address.hasPrefix("file://") {
      do throws(SystemError) {
        return try FileTree.read(String(address.dropFirst(7)), limit: Self.limit)
      } catch {
        if [Errno.noEntry, Errno.notDirectory].contains(error.errno) { return nil }
        throw error
      }
    }
    guard let url = WebAddress(address) else {
      throw ErrorReport(
        .invalidRequest, "the lookaside \(address) is no address",
        hint: "use file://, https:// or http:// in registries.d")
    }
    var status = 0
    var body: [UInt8] = []
    do throws(TransportError) {
      try CurlSession().perform(
        HTTPRequest(.get, url), onResponse: { status = $0.status },
        onBody: { chunk in
          body += chunk
          if body.count > Self.limit {
            throw ErrorReport(.invalidRequest, "a signature of more than \(Self.limit) bytes")
          }
        })
    } catch {
      throw ErrorReport(.unavailable, "cannot get signatures from \(url.origin)")
    }
    if status == 404 { return nil }
    guard status == 200 else {
      throw ErrorReport(.unavailable, "\(url.origin) answers \(status) when asked for signatures")
    }
    return body
  }
}

/// What a signature claims (containers-signature(5)).
struct SignedClaim {
  let digest: Digest
  let name: String

  /// What `critical.type` says: GnuPG's signatures and sigstore's have a word each.
  enum Kind: String {
    case simple = "atomic container signature"
    case sigstore = "cosign container image signature"
  }

  init(_ payload: [UInt8], _ kind: Kind = .simple) throws {
    func member(_ value: JSONValue?, _ key: String) -> JSONValue? {
      if case .object(let object)? = value { object.find(key) } else { nil }
    }
    let document: JSONValue
    do { document = try JSONValue(parsing: payload) } catch {
      throw ErrorReport(.notPermitted, "its content is no valid JSON")
    }
    let critical = member(document, "critical")
    guard case .string(kind.rawValue)? = member(critical, "type"),
      case .string(let digest)? = member(member(critical, "image"), "docker-manifest-digest"),
      case .string(let name)? = member(member(critical, "identity"), "docker-reference"),
      let parsed = try? Digest(digest)
    else { throw ErrorReport(.notPermitted, "its content is no claim about an image") }
    self.digest = parsed
    self.name = name
  }
}
