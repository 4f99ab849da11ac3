/// What a registry's TLS needs in PEM (a folder of certs.d holds it).
public struct TLSFiles: Sendable, Equatable {
  /// A file of authorities to trust besides the system's.
  public var authority: String?
  /// Authorities of several files, one after the other; they take the place of `authority`.
  public var authorities: [UInt8]?
  public var clientCertificate: String?
  public var clientKey: String?

  public init(
    authority: String? = nil, authorities: [UInt8]? = nil, clientCertificate: String? = nil,
    clientKey: String? = nil
  ) {
    self.authority = authority
    self.authorities = authorities
    self.clientCertificate = clientCertificate
    self.clientKey = clientKey
  }
}
