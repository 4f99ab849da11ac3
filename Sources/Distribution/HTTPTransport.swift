/// Carries out single HTTP exchanges; all policy (redirects, authorization, retries) is above it.
///
/// An instance is used by one thread at a time. For parallel downloads every thread makes its own
/// instance and its own `RegistryClient`; they may share a `TokenCache`.
public protocol HTTPTransport: AnyObject {
  /// Sends the request and hands over the response as it arrives.
  ///
  /// Never follows a redirect and never adds credentials. `onResponse` is called once, then
  /// `onBody` for every piece of the body. When one of them throws, the exchange is dropped and
  /// `TransportError.stopped` carries the error out.
  func perform(
    _ request: HTTPRequest, onResponse: (HTTPResponse) throws -> Void,
    onBody: ([UInt8]) throws -> Void
  ) throws(TransportError)
}

public struct HTTPRequest {
  public enum Method: String, Sendable {
    case get = "GET", head = "HEAD", post = "POST", put = "PUT", patch = "PATCH", delete = "DELETE"
  }

  public enum Body {
    case none
    case bytes([UInt8])
    /// `read` is asked for at most that many bytes at that offset, which may go back after a
    /// connection was lost.
    case stream(length: Int64, read: (_ offset: Int64, _ count: Int) throws -> [UInt8])
  }

  public var method: Method
  public var url: WebAddress
  public var headers: HTTPHeaders
  public var body: Body
  public var verifiesTLS: Bool

  public init(
    _ method: Method, _ url: WebAddress, headers: HTTPHeaders = HTTPHeaders(), body: Body = .none,
    verifiesTLS: Bool = true
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.verifiesTLS = verifiesTLS
  }
}

public struct HTTPResponse: Sendable {
  public var status: Int
  public var headers: HTTPHeaders

  public init(status: Int, headers: HTTPHeaders = HTTPHeaders()) {
    self.status = status
    self.headers = headers
  }
}

/// Header fields in order; names compare without case.
public struct HTTPHeaders: Sendable, ExpressibleByDictionaryLiteral {
  public private(set) var fields: [(name: String, value: String)] = []

  public init() {}

  public init(dictionaryLiteral elements: (String, String)...) {
    for (name, value) in elements { add(name, value) }
  }

  public mutating func add(_ name: String, _ value: String) {
    fields.append((name, value))
  }

  /// The first value of that name; setting replaces all.
  public subscript(name: String) -> String? {
    get { fields.first { $0.name.lowercased() == name.lowercased() }?.value }
    set {
      fields.removeAll { $0.name.lowercased() == name.lowercased() }
      if let newValue { add(name, newValue) }
    }
  }

  public func values(of name: String) -> [String] {
    fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
  }
}

/// Why an exchange gave no complete response.
public enum TransportError: Error {
  /// No connection: unknown host, refused, or no answer in time.
  case cannotConnect(String)
  /// The connection was made but TLS failed.
  case tls(String)
  /// The connection broke or stalled after the request was sent.
  case interrupted(String)
  case cancelled
  /// A callback threw.
  case stopped(any Error)
}
