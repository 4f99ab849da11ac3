/// Files in PEM that a registry's TLS needs (a folder of certs.d holds them).
public struct TLSFiles: Sendable, Equatable {
  /// Trusted besides the system's authorities.
  public var authority: String?
  public var clientCertificate: String?
  public var clientKey: String?

  public init(
    authority: String? = nil, clientCertificate: String? = nil, clientKey: String? = nil
  ) {
    self.authority = authority
    self.clientCertificate = clientCertificate
    self.clientKey = clientKey
  }
}
