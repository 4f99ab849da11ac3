import CurlTransport
import Distribution
import LayerArchive
import Model

/// Gets one file by HTTP or HTTPS, for `import` and `load`.
struct FileDownload {
  private let address: WebAddress

  private static let redirectLimit = 10

  /// Nil when `text` is no address.
  init?(_ text: String) throws {
    guard let separator = text.firstRange(of: "://"),
      text[..<separator.lowerBound].allSatisfy({ $0.isLetter || $0.isNumber || $0 == "+" })
    else { return nil }
    guard let address = WebAddress(text) else {
      throw ErrorReport(
        .invalidRequest, "cannot download from \(text)",
        hint: "only http:// and https:// addresses without a user name are supported")
    }
    self.address = address
  }

  /// Hands over the file's bytes; a body shorter than announced is an error of the transport.
  ///
  /// Redirects are followed, but never from HTTPS to HTTP.
  func run(_ take: ([UInt8], Range<Int>) throws(ArchiveError) -> Void) throws {
    let session = try CurlSession()
    var address = self.address
    for _ in 0...Self.redirectLimit {
      var location: String?
      do throws(TransportError) {
        try session.perform(
          HTTPRequest(.get, address),
          onResponse: { response in
            switch response.status {
            case 200..<300: break
            case 301, 302, 303, 307, 308: location = response.headers["Location"] ?? ""
            default: throw failure("the server answers \(response.status)")
            }
          },
          onBody: { bytes in if location == nil { try take(bytes, 0..<bytes.count) } })
      } catch {
        throw meaning(of: error)
      }
      guard let location else { return }
      guard let next = address.resolving(location),
        !(address.scheme == .https && next.scheme == .http)
      else { throw failure("it redirects to \(location.debugDescription)") }
      address = next
    }
    throw failure("it redirects too often")
  }

  private func failure(_ reason: String) -> ErrorReport {
    ErrorReport(.unavailable, "downloading \(address.origin)\(address.target): \(reason)")
  }

  private func meaning(of error: TransportError) -> any Error {
    switch error {
    case .stopped(let cause): cause
    case .cannotConnect(let reason), .tls(let reason), .interrupted(let reason): failure(reason)
    case .cancelled: failure("cancelled")
    }
  }
}
