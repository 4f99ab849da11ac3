public import Model
public import OCISpec

/// Why a registry request failed.
public enum RegistryError: ReportableError, Equatable {
  case unauthorized(registry: String, message: String?)
  case denied(registry: String, message: String?)
  case manifestUnknown(String)
  case nameUnknown(String)
  case blobUnknown(Digest)
  case notARegistry(String)
  case unreachable(host: String, reason: String)
  case insecureConnection(host: String, reason: String)
  case interrupted(host: String, reason: String)
  case rateLimited(host: String)
  case serverError(host: String, status: Int, message: String)
  case digestMismatch(expected: Digest, got: Digest)
  case truncated(expected: Int64, got: Int64)
  case tooLong(limit: Int64)
  case tooManyRedirects(host: String)
  case refusedRedirect(from: String, to: String)
  case insecureRealm(registry: String, realm: String)
  case badChallenge(registry: String)
  case badContentType(String)
  case badResponse(host: String, reason: String)
  case badDocument(ImageSpecError)
  case platformNotFound(wanted: Platform, available: [Platform])
  case credentials(String)
  /// Reading or writing on our side failed.
  case local(ErrorReport)
  case cancelled
}

extension RegistryError {
  public var report: ErrorReport {
    switch self {
    case .unauthorized(let registry, let message):
      ErrorReport(
        .notPermitted, "registry \(registry) wants other credentials" + Self.suffix(message),
        hint: "check the spelling of the image name, or run: martlet login \(registry)")
    case .denied(let registry, let message):
      ErrorReport(
        .notPermitted, "registry \(registry) denies access" + Self.suffix(message),
        hint: "log in as a user with access: martlet login \(registry)")
    case .manifestUnknown(let name):
      ErrorReport(
        .notFound, "image \(name) is not in its registry", hint: "check the tag or digest")
    case .nameUnknown(let name):
      ErrorReport(
        .notFound, "repository \(name) is not in its registry", hint: "check the spelling")
    case .blobUnknown(let digest):
      ErrorReport(
        .notFound, "blob \(digest) is not in the registry",
        hint: "the image is incomplete there; it has to be pushed again")
    case .notARegistry(let host):
      ErrorReport(
        .notFound, "\(host) does not speak the registry protocol",
        hint: "check the spelling of the host and its port")
    case .rateLimited(let host):
      ErrorReport(
        .unavailable, "\(host) limits the rate of requests and asks to come back later",
        hint: "wait, or log in for a higher limit")
    case .serverError(let host, let status, let message):
      ErrorReport(.unavailable, "\(host) answered with status \(status)" + Self.suffix(message))
    case .platformNotFound(let wanted, let available):
      ErrorReport(
        .notFound, "the image is not available for \(wanted)",
        hint: available.isEmpty
          ? nil : "it is there for " + available.map(\.description).joined(separator: ", "))
    case .badDocument(let error): error.report
    case .local(let report): report
    case .cancelled: ErrorReport(.unavailable, "the transfer was cancelled")
    default: transferReport
    }
  }

  /// What mends a certificate, by OpenSSL's words for what is wrong with it (X509_verify_cert_error_string(3)).
  static func certificateHint(_ reason: String) -> String {
    let trusting = "or do without trust: --tls-verify=false"
    if reason.contains("has expired") {
      return "the registry needs a new certificate, or this machine's clock is wrong; \(trusting)"
    }
    if reason.contains("not yet valid") {
      return "set this machine's clock; if it is right, the registry needs another certificate; "
        + trusting
    }
    if reason.contains("subject name") || reason.contains("does not match") {
      return "write the registry by a name that its certificate has, \(trusting)"
    }
    return "put the registry's CA certificate below certs.d, or use --tls-verify=false"
  }

  private var transferReport: ErrorReport {
    switch self {
    case .unreachable(let host, let reason):
      ErrorReport(
        .unavailable, "cannot reach \(host): \(reason)",
        hint: "check the name, the network and the proxy settings")
    case .insecureConnection(let host, let reason):
      ErrorReport(
        .unavailable, "pinging container registry \(host): no trusted connection: \(reason)",
        hint: Self.certificateHint(reason))
    case .interrupted(let host, let reason):
      ErrorReport(
        .unavailable, "the transfer from \(host) broke off: \(reason)",
        hint: "run the command again; it goes on where it stopped")
    case .digestMismatch(let expected, let got):
      ErrorReport(
        .invalidRequest, "the registry delivered \(got) instead of \(expected)",
        hint: "the content was changed or damaged on the way; try again or ask its publisher")
    case .truncated(let expected, let got):
      ErrorReport(
        .unavailable, "the registry delivered \(got) bytes instead of \(expected)",
        hint: "try again")
    case .tooLong(let limit):
      ErrorReport(.invalidRequest, "the registry delivered more than \(limit) bytes")
    case .tooManyRedirects(let host):
      ErrorReport(.unavailable, "\(host) redirects in circles")
    case .refusedRedirect(let from, let to):
      ErrorReport(
        .notPermitted, "\(from) redirects to \(TerminalText.safe(to)), which is not followed",
        hint: "only http and https are followed, and never from https to http")
    case .insecureRealm(let registry, let realm):
      ErrorReport(
        .notPermitted,
        "registry \(registry) wants credentials sent without encryption to "
          + TerminalText.safe(realm))
    case .badChallenge(let registry):
      ErrorReport(.unavailable, "registry \(registry) asks for an unknown kind of authorization")
    case .badContentType(let type):
      ErrorReport(
        .invalidRequest, "the registry delivered \(TerminalText.safe(type)) instead of a manifest",
        hint: "check that the name is that of an image and the host is a registry")
    case .badResponse(let host, let reason):
      ErrorReport(.unavailable, "\(host) gave an answer that breaks the protocol: \(reason)")
    case .credentials(let reason):
      ErrorReport(.invalidRequest, "cannot read the registry credentials: \(reason)")
    default:
      ErrorReport(.bug, "registry error without a text: \(self)")
    }
  }

  private static func suffix(_ message: String?) -> String {
    guard let message, !message.isEmpty else { return "" }
    return ": " + TerminalText.safe(message)
  }

  /// Wraps an error of a callback.
  static func local(wrapping error: any Error) -> RegistryError {
    if let error = error as? RegistryError { return error }
    if let error = error as? any ReportableError { return .local(error.report) }
    return .local(ErrorReport(.bug, "\(error)"))
  }
}
