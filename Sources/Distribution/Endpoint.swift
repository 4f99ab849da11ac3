/// A place that serves a registry's content.
public struct Endpoint: Hashable, Sendable {
  public let scheme: WebAddress.Scheme
  /// Host and optional port.
  public let authority: String
  public let verifiesTLS: Bool

  func address(_ path: String) -> WebAddress {
    WebAddress(scheme: scheme, authority: authority, target: path)
  }

  /// Where to look for a registry's content, in order.
  ///
  /// `tlsVerify` nil is Docker's default: trusted TLS everywhere but on this machine. An insecure
  /// registry is tried with TLS that anybody could have signed, then without.
  public static func endpoints(for registry: String, tlsVerify: Bool?) -> [Endpoint] {
    let authority = registry == "docker.io" ? "registry-1.docker.io" : registry
    if tlsVerify ?? !WebAddress.isLoopback(authority: authority) {
      return [Endpoint(scheme: .https, authority: authority, verifiesTLS: true)]
    }
    return [
      Endpoint(scheme: .https, authority: authority, verifiesTLS: false),
      Endpoint(scheme: .http, authority: authority, verifiesTLS: false),
    ]
  }
}
