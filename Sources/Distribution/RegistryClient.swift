public import Model

/// Speaks the distribution protocol with registries.
///
/// Not for use by several threads at once: every thread has its own client and transport.
public final class RegistryClient {
  public struct Options: Sendable {
    /// nil: trusted TLS, but for registries on this machine plain HTTP is fine too.
    public var tlsVerify: Bool?
    public var retry = RetryPolicy()
    public var userAgent = "martlet"

    public init() {}
  }

  /// A request that failed and is tried again.
  public struct Retry {
    public let error: RegistryError
    /// The time until then.
    public let pause: Duration
    /// 1 for the first try after the first.
    public let number: Int
    /// The greatest number there is.
    public let limit: Int
  }

  /// What the client needs from the program around it.
  public struct Environment {
    /// The credentials for a registry and repository, nil for none.
    public var credentials: (_ registry: String, _ repository: String) throws -> Credentials?
    /// The hash function; every document and blob goes through it or a `DigestingSink`.
    public var digest: (Digest.Algorithm, [UInt8]) -> Digest
    /// Sleeps; throws to cancel.
    public var sleep: (Duration) throws -> Void
    /// Hears of a failure before the pause after it.
    public var onRetry: (Retry) -> Void
    /// A number in 0..<1.
    public var random: () -> Double

    public init(
      credentials: @escaping (_ registry: String, _ repository: String) throws -> Credentials?,
      digest: @escaping (Digest.Algorithm, [UInt8]) -> Digest,
      sleep: @escaping (Duration) throws -> Void,
      onRetry: @escaping (Retry) -> Void = { _ in },
      random: @escaping () -> Double = { Double.random(in: 0..<1) }
    ) {
      self.credentials = credentials
      self.digest = digest
      self.sleep = sleep
      self.onRetry = onRetry
      self.random = random
    }
  }

  static let redirectLimit = 10
  /// Bytes kept of an error's body.
  static let errorBodyLimit = 64 << 10

  let transport: any HTTPTransport
  let environment: Environment
  let options: Options
  let tokens: TokenCache
  private var chosen: [String: Endpoint] = [:]

  public init(
    transport: any HTTPTransport, environment: Environment, options: Options = Options(),
    tokens: TokenCache = TokenCache()
  ) {
    self.transport = transport
    self.environment = environment
    self.options = options
    self.tokens = tokens
  }

  /// Where the content of a registry is fetched from; the place for mirrors.
  func endpoints(for registry: String) -> [Endpoint] {
    if let endpoint = chosen[registry] { return [endpoint] }
    return Endpoint.endpoints(for: registry, tlsVerify: options.tlsVerify)
  }

  /// Runs `body` against the registry's first endpoint that can be connected to.
  func withEndpoint<Result>(
    of registry: String, _ body: (Endpoint) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let candidates = endpoints(for: registry)
    var first: Failure?
    for endpoint in candidates {
      do throws(Failure) {
        let result = try body(endpoint)
        chosen[registry] = endpoint
        return result
      } catch {
        // Any answer, even a refusal, shows that this is the endpoint.
        guard error.isWithoutConnection else {
          chosen[registry] = endpoint
          throw error
        }
        first = first ?? error
      }
    }
    throw first ?? Failure(.unreachable(host: registry, reason: "it has no endpoint"))
  }

  /// Tries `body` again while its failures may pass; `progress` tells of bytes received, which
  /// earn fresh attempts.
  func withRetries<Result>(
    progress: () -> Int64 = { 0 }, _ body: () throws(Failure) -> Result
  ) throws(RegistryError) -> Result {
    var attempt = 1
    var mark = progress()
    while true {
      do throws(Failure) {
        return try body()
      } catch {
        if progress() - mark >= 1 << 20 {
          mark = progress()
          attempt = 1
        }
        let retry = options.retry
        guard error.mayPass(retry), attempt < retry.attempts else { throw error.error }
        let pause = retry.delay(afterAttempt: attempt, random: environment.random())
        let wanted = max(error.retryAfter ?? .zero, pause)
        guard wanted <= max(retry.longestRetryAfter, pause) else { throw error.error }
        environment.onRetry(
          Retry(error: error.error, pause: wanted, number: attempt, limit: retry.attempts - 1))
        // The back-off between two attempts, or the Retry-After that the server asked for.
        do { try environment.sleep(wanted) } catch { throw .local(wrapping: error) }
        attempt += 1
      }
    }
  }
}

extension RegistryClient {
  /// A failure of one attempt.
  struct Failure: Error {
    let error: RegistryError
    var isTransient = false
    var retryAfter: Duration?
    var isWithoutConnection = false

    init(_ error: RegistryError) { self.error = error }

    func mayPass(_ policy: RetryPolicy) -> Bool {
      if case .unreachable = error { return policy.retriesConnecting }
      return isTransient
    }

    init(_ error: TransportError, host: String) {
      switch error {
      case .cannotConnect(let reason):
        self.init(.unreachable(host: host, reason: reason))
        isWithoutConnection = true
      case .tls(let reason):
        self.init(.insecureConnection(host: host, reason: reason))
        isWithoutConnection = true
      case .interrupted(let reason):
        self.init(.interrupted(host: host, reason: reason))
        isTransient = true
      case .cancelled:
        self.init(.cancelled)
      case .stopped(let error as Failure):
        self = error
      case .stopped(let error):
        self.init(.local(wrapping: error))
      }
    }
  }
}
