import CurlTransport
import Distribution
import ImageStore
import LayerArchive
import LinuxSystem
import Model
import RegistryConfig

/// Makes clients for the threads of one operation; they share what they learn about authorization.
struct RegistryConnections: Sendable {
  /// A place that serves the image, and the login for it.
  struct Place: Sendable {
    let source: RegistriesConfig.Source
    let credentials: Distribution.Credentials?

    var reference: ImageReference { source.reference }
  }

  private let access: RegistryAccess
  private let tokens = TokenCache()
  /// Whoever is told of failures that may pass.
  private let reporter: Reporter

  init(_ access: RegistryAccess, _ reporter: Reporter) {
    self.access = access
    self.reporter = reporter
  }

  /// The places to pull from: mirrors first.
  func places(for reference: ImageReference) throws -> [Place] {
    try ConfigFiles.current.registries().sources(for: reference).map { try place($0) }
  }

  /// The place to push to.
  func destination(for reference: ImageReference) throws -> Place {
    try place(try ConfigFiles.current.registries().destination(for: reference))
  }

  private func place(_ source: RegistriesConfig.Source) throws -> Place {
    // A login typed for this registry is not for its mirrors.
    let given = source.isMirror ? nil : access.credentials
    return Place(
      source: source,
      credentials: try RegistryCredentials.find(
        source.reference, given: given, authFile: access.authFile))
  }

  func makeClient(for place: Place) throws -> RegistryClient {
    var session = CurlSession.Options()
    let certificates = CertificateDirectories(chosen: access.certificateDirectory)
    session.tlsFiles = { certificates.find($0) }
    var options = RegistryClient.Options()
    options.tlsVerify = access.tlsVerify ?? (place.source.isInsecure ? false : nil)
    options.retry.attempts = max(access.retries ?? RegistryAccess.standardRetries, 0) + 1
    // Of several places a dead one is passed over; only the last is worth waiting for.
    options.retry.retriesConnecting = access.retries != nil && !place.source.isMirror
    if let delay = access.retryDelay {
      options.retry.firstDelay = .milliseconds(delay)
      options.retry.isSteady = true
    }
    let credentials = place.credentials
    return RegistryClient(
      transport: try CurlSession(options: session),
      environment: RegistryClient.Environment(
        credentials: { _, _ in credentials },
        digest: { Hasher.digest(of: $1, $0) },
        sleep: { duration in
          let (seconds, atto) = duration.components
          try Clock.pause(
            milliseconds: Int32(clamping: seconds * 1_000 + atto / 1_000_000_000_000_000))
        }, onRetry: { [reporter] in reporter.warn(Self.words($0)) }), options: options,
      tokens: tokens)
  }
}

extension RegistryConnections {
  /// What is said of a failure that is not the end.
  private static func words(_ retry: RegistryClient.Retry) -> String {
    let cause =
      if case .unreachable(let host, let reason) = retry.error {
        "initializing the connection to \(host): \(reason)"
      } else {
        retry.error.report.message
      }
    let (seconds, atto) = retry.pause.components
    let pause = GoDuration.format(seconds * 1_000_000_000 + atto / 1_000_000_000)
    return "Failed, retrying in \(pause) (\(retry.number)/\(retry.limit)). Error: \(cause)"
  }
}

/// The certificates for a registry: `certs.d/HOST[:PORT]` with `*.crt` authorities and a client's
/// `*.cert` and `*.key` (containers-certs.d(5)).
struct CertificateDirectories: Sendable {
  private let directories: @Sendable (String) -> [String]

  init(chosen: String?) {
    directories = { authority in
      if let chosen { return [chosen] }
      let home = CurrentProcess.environment("HOME").map { "\($0)/.config/containers" }
      let user = [ConfigFiles.current.user, home].compactMap { $0 }
      return (user + ["/etc/containers", "/etc/docker"]).map { "\($0)/certs.d/\(authority)" }
    }
  }

  func find(_ authority: String) -> TLSFiles? {
    for directory in directories(authority) {
      // Most registries have no such directory; one that cannot be read counts as none, as in podman.
      guard let names = try? FileTree.list(directory).sorted(), !names.isEmpty else { continue }
      let client = names.first { $0.hasSuffix(".cert") }.map { "\(directory)/\($0.dropLast(5))" }
      var files = TLSFiles(
        clientCertificate: client.map { "\($0).cert" }, clientKey: client.map { "\($0).key" })
      trust(names.filter { $0.hasSuffix(".crt") }.map { "\(directory)/\($0)" }, in: &files)
      return files
    }
    return nil
  }

  /// Every one of these files is trusted; one that cannot be read is left to TLS, which says so.
  private func trust(_ paths: [String], in files: inout TLSFiles) {
    files.authority = paths.first
    guard paths.count > 1 else { return }
    var bytes: [UInt8] = []
    for path in paths {
      guard let file = try? FileTree.read(path, limit: Self.sizeLimit) else {
        files.authority = path
        return
      }
      bytes += file + [UInt8(ascii: "\n")]
    }
    files.authorities = bytes
  }

  private static let sizeLimit = 1 << 20
}
