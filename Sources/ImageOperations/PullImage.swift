import CurlTransport
import Distribution
import ImageStore
import LayerArchive
import LinuxSystem
import Model
import OCISpec

/// Gets an image from a registry.
struct PullImage {
  let store: ImageStore
  let reporter: Reporter

  func run(_ request: PullRequest) throws -> HelperEvent.Result {
    let reference = try ImageReference(request.reference)
    let platform = try request.platform.map { try Platform($0) } ?? .host
    let connections = try RegistryConnections(request, for: reference)
    let client = try connections.makeClient()
    let resolved = try client.resolve(reference, platform: platform)
    try resolved.manifest.checkRunnable()
    let (config, configBytes) = try loadConfig(resolved.manifest, reference, client)
    let name = reference.digest.map { reference.pinned(to: $0) } ?? reference
    let stored = try ImageInstaller(store: store, reporter: reporter).install(
      ImageInstaller.Image(
        manifestBytes: resolved.fetched.bytes, manifestDigest: resolved.fetched.descriptor.digest,
        manifest: resolved.manifest, configBytes: configBytes, config: config,
        indexes: resolved.indexes.map { ($0.descriptor.digest, $0.bytes) }),
      names: [name],
      from: RegistryLayers(
        store: store, reporter: reporter, reference: reference, connections: connections))
    return HelperEvent.Result(images: [
      HelperEvent.Result.Image(id: stored.id, names: [name.full])
    ])
  }

  private func loadConfig(
    _ manifest: Manifest, _ reference: ImageReference, _ client: RegistryClient
  ) throws -> (ImageConfig, [UInt8]) {
    let digest = manifest.config.digest
    if store.blobs.contains(digest) {
      let bytes = try store.blobs.load(digest)
      // A damaged one is fetched again and replaced.
      if Hasher.digest(of: bytes, digest.algorithm) == digest {
        return (try ImageConfig.decode(bytes), bytes)
      }
      try FileTree.unlinkIfPresent(store.blobs.path(digest))
    }
    return try client.fetchConfig(of: manifest, from: reference)
  }
}

/// Makes clients for the threads of one pull; they share what they learn about authorization.
struct RegistryConnections: Sendable {
  private let request: PullRequest
  private let credentials: Distribution.Credentials?
  private let tokens = TokenCache()

  init(_ request: PullRequest, for reference: ImageReference) throws {
    self.request = request
    credentials = try RegistryCredentials.find(
      reference, given: request.credentials, authFile: request.authFile)
  }

  func makeClient() throws -> RegistryClient {
    var session = CurlSession.Options()
    let certificates = CertificateDirectories(chosen: request.certificateDirectory)
    session.tlsFiles = { certificates.find($0) }
    var options = RegistryClient.Options()
    options.tlsVerify = request.tlsVerify
    if let retries = request.retries { options.retry.attempts = max(retries, 0) + 1 }
    let credentials = self.credentials
    return RegistryClient(
      transport: try CurlSession(options: session),
      environment: RegistryClient.Environment(
        credentials: { _, _ in credentials },
        digest: { Hasher.digest(of: $1, $0) },
        sleep: { duration in
          let (seconds, atto) = duration.components
          try Clock.pause(
            milliseconds: Int32(clamping: seconds * 1_000 + atto / 1_000_000_000_000_000))
        }), options: options, tokens: tokens)
  }
}

/// The certificates for a registry: `certs.d/HOST[:PORT]` with `*.crt` authorities and a client's
/// `*.cert` and `*.key` (containers-certs.d(5)).
struct CertificateDirectories: Sendable {
  private let directories: @Sendable (String) -> [String]

  init(chosen: String?) {
    directories = { authority in
      if let chosen { return [chosen] }
      let home = CurrentProcess.environment("HOME").map { ["\($0)/.config/containers/certs.d"] }
      return ((home ?? []) + ["/etc/containers/certs.d", "/etc/docker/certs.d"]).map {
        "\($0)/\(authority)"
      }
    }
  }

  func find(_ authority: String) -> TLSFiles? {
    for directory in directories(authority) {
      // Most registries have no such directory; one that cannot be read counts as none, as in podman.
      guard let names = try? FileTree.list(directory).sorted(), !names.isEmpty else { continue }
      func path(_ suffix: String) -> String? {
        names.first { $0.hasSuffix(suffix) }.map { "\(directory)/\($0)" }
      }
      return TLSFiles(
        authority: path(".crt"), clientCertificate: path(".cert"), clientKey: path(".key"))
    }
    return nil
  }
}
