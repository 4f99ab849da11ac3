import Distribution
import ImageDocuments
import LayerArchive
import LinuxSystem
import Model
import OCISpec
import RegistryConfig

/// The signatures that sigstore's tools attach to an image: the layers of an image of their own,
/// tagged `sha256-HEX.sig` in the same repository.
struct SigstoreSignatures {
  private let client: RegistryClient
  private let location: ImageReference

  private static let payloadType = MediaType(
    rawValue: "application/vnd.dev.cosign.simplesigning.v1+json")
  private static let annotation = "dev.cosignproject.cosign/signature"
  private static let payloadLimit: Int64 = 1 << 20
  private static let signatureLimit = 32

  init(_ client: RegistryClient, _ location: ImageReference) {
    self.client = client
    self.location = location
  }

  /// Nil when a trusted key signed the image under an accepted name; else why none counts.
  func reasons(
    _ reference: ImageReference, _ digest: Digest, _ wanted: TrustPolicy.SigstoreSigned
  ) throws -> [String]? {
    let keys = try keys(wanted)
    guard let manifest = try find(digest) else { return [] }
    var reasons: [String] = []
    for layer in manifest.layers.prefix(Self.signatureLimit)
    where layer.mediaType == Self.payloadType {
      do throws(ErrorReport) {
        try check(layer, reference, digest, keys, wanted.identity)
        return nil
      } catch {
        reasons.append(error.message)
      }
    }
    return reasons
  }

  private func find(_ digest: Digest) throws -> Manifest? {
    let name = try location.tagged("\(digest.algorithm.rawValue)-\(digest.hex).sig")
    do throws(RegistryError) {
      guard case .manifest(let manifest) = try client.fetchManifest(name).document else {
        return nil
      }
      return manifest
    } catch {
      switch error {
      case .manifestUnknown, .nameUnknown: return nil
      default: throw error
      }
    }
  }

  private func check(
    _ layer: BlobDescriptor, _ reference: ImageReference, _ digest: Digest, _ keys: [PublicKey],
    _ identity: TrustPolicy.Identity
  ) throws(ErrorReport) {
    guard layer.size <= Self.payloadLimit, let text = layer.annotations?[Self.annotation],
      let signature = Base64.decodeBytes(text)
    else { throw ErrorReport(.notPermitted, "a signature is malformed") }
    let payload: [UInt8]
    do throws(RegistryError) {
      payload = try client.fetchSmallBlob(layer, from: location)
    } catch {
      throw error.report
    }
    guard keys.contains(where: { $0.verifies(signature, of: payload) }) else {
      throw ErrorReport(.notPermitted, "a signature is by none of the trusted keys")
    }
    let claim: SignedClaim
    do { claim = try SignedClaim(payload, .sigstore) } catch {
      throw HelperProgram.report(of: error)
    }
    guard claim.digest == digest else {
      throw ErrorReport(.notPermitted, "a signature is for \(claim.digest)")
    }
    guard identity.accepts(claim.name, for: reference) else {
      throw ErrorReport(.notPermitted, "a signature is for the name \(claim.name)")
    }
  }

  private func keys(_ wanted: TrustPolicy.SigstoreSigned) throws -> [PublicKey] {
    var texts: [(name: String, bytes: [UInt8])] = []
    for path in wanted.keyPaths {
      do throws(SystemError) {
        texts.append((path, try FileTree.read(path, limit: 1 << 20)))
      } catch {
        throw ErrorReport(
          .notFound, "the key \(path) of policy.json cannot be read: \(error.reason)",
          hint: "correct keyPath, or put the key there")
      }
    }
    for data in wanted.keyDatas { texts.append(("keyData", Base64.decodeBytes(data) ?? [])) }
    return try texts.map { text in
      guard let key = PublicKey(pem: text.bytes) else {
        throw ErrorReport(.invalidRequest, "\(text.name) of policy.json is no public key in PEM")
      }
      return key
    }
  }
}
