/// An absolute http or https URL, split where security decisions are made.
public struct WebAddress: Hashable, Sendable {
  public enum Scheme: String, Sendable { case http, https }

  public let scheme: Scheme
  /// Host and optional port, lower case.
  public let authority: String
  /// Path and query, starting with a slash.
  public let target: String

  init(scheme: Scheme, authority: String, target: String) {
    self.scheme = scheme
    self.authority = authority.lowercased()
    self.target = target
  }

  /// Reads an absolute URL; nil for other schemes, user names in it, and stray bytes.
  public init?(_ text: String) {
    guard text.utf8.allSatisfy({ (0x21..<0x7f).contains($0) }),
      let separator = text.firstRange(of: "://"),
      let scheme = Scheme(rawValue: text[..<separator.lowerBound].lowercased())
    else { return nil }
    let withoutFragment = text[separator.upperBound...].prefix { $0 != "#" }
    let authority = withoutFragment.prefix { $0 != "/" && $0 != "?" && $0 != "\\" }
    let target = withoutFragment.dropFirst(authority.count)
    guard !authority.isEmpty, !authority.contains("@"), !target.hasPrefix("\\") else { return nil }
    self.init(
      scheme: scheme, authority: String(authority),
      target: target.hasPrefix("/") ? String(target) : "/" + target)
  }

  /// Resolves a Location header against this address (RFC 3986, 5.2, without dot segments).
  public func resolving(_ location: String) -> WebAddress? {
    if location.hasPrefix("//") { return WebAddress("\(scheme.rawValue):\(location)") }
    if location.hasPrefix("/") { return WebAddress("\(origin)\(location)") }
    if location.hasPrefix("?") { return WebAddress("\(origin)\(path)\(location)") }
    if let absolute = WebAddress(location) { return absolute }
    // A colon before any slash is a scheme that we do not speak.
    let firstStep = location.prefix { $0 != "/" && $0 != "?" }
    guard !location.isEmpty, !firstStep.contains(":") else { return nil }
    let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "/"
    return WebAddress("\(origin)\(folder)\(location)")
  }

  /// Scheme, host and port: where credentials may go.
  public var origin: String { "\(scheme.rawValue)://\(authority)" }

  /// Host without port and brackets.
  public var host: String { Self.host(of: authority) }

  static func host(of authority: String) -> String {
    if authority.hasPrefix("[") { return String(authority.dropFirst().prefix { $0 != "]" }) }
    return String(authority.prefix { $0 != ":" })
  }

  /// Whether the host is this machine by its spelling alone, without asking DNS.
  package static func isLoopback(authority: String) -> Bool {
    let host = host(of: authority.lowercased())
    if host == "localhost" || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  var path: String { String(target.prefix { $0 != "?" }) }

  /// Adds query parameters, percent-encoded.
  func appending(query: [(name: String, value: String)]) -> WebAddress {
    let pairs = query.map { "\($0.name)=\(Self.percentEncoded($0.value))" }
    guard !pairs.isEmpty else { return self }
    let joint =
      target.contains("?") ? (target.hasSuffix("?") || target.hasSuffix("&") ? "" : "&") : "?"
    return WebAddress(
      scheme: scheme, authority: authority,
      target: target + joint + pairs.joined(separator: "&"))
  }

  /// Encodes all but RFC 3986's unreserved characters.
  static func percentEncoded(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      let scalar = Unicode.Scalar(byte)
      let isPlain =
        (scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil))
        || "-._~".unicodeScalars.contains(scalar)
      if isPlain {
        result.unicodeScalars.append(scalar)
      } else {
        result += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
      }
    }
    return result
  }
}

extension WebAddress: CustomStringConvertible {
  public var description: String { origin + target }
}
