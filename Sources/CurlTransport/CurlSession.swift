import CCurl
public import Distribution

/// Carries requests by libcurl, keeping connections open between them.
///
/// One thread at a time uses a session; parallel downloads have a session each. The proxy comes
/// from the environment as curl reads it, but this machine itself is never reached by a proxy.
public final class CurlSession: HTTPTransport {
  public struct Options: Sendable {
    public var connectTimeout = Duration.seconds(10)
    /// A transfer below one byte a second for that long has stalled.
    public var stallTimeout = Duration.seconds(60)
    /// The TLS files for a host with optional port.
    public var tlsFiles: @Sendable (_ authority: String) -> TLSFiles? = { _ in nil }
    /// Asked about once a second and on every piece of data.
    public var isCancelled: @Sendable () -> Bool = { false }

    public init() {}
  }

  /// curl_global_init(3) must happen once, before any other thread uses curl.
  private static let isInitialized = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  private let options: Options
  private let handle: CurlHandle

  public init(options: Options = Options()) throws(TransportError) {
    guard Self.isInitialized, let handle = CurlHandle() else {
      throw .cannotConnect("libcurl does not start")
    }
    self.options = options
    self.handle = handle
  }

  public func perform(
    _ request: HTTPRequest, onResponse: (HTTPResponse) throws -> Void,
    onBody: ([UInt8]) throws -> Void
  ) throws(TransportError) {
    if options.isCancelled() { throw .cancelled }
    let outcome = withoutActuallyEscaping(onResponse) { onResponse in
      withoutActuallyEscaping(onBody) { onBody in
        let exchange = CurlExchange(
          request: request, isCancelled: options.isCancelled, onResponse: onResponse,
          onBody: onBody)
        let code = handle.run(exchange, options: options)
        return exchange.failure.map(Outcome.failed)
          ?? (code == CURLE_OK
            ? .done : .failed(handle.error(code, hasResponse: exchange.hasResponse)))
      }
    }
    if case .failed(let error) = outcome { throw error }
  }

  private enum Outcome {
    case done
    case failed(TransportError)
  }
}
