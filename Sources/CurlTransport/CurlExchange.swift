import Distribution

/// The state of one request while curl works on it; curl's callbacks land here.
final class CurlExchange {
  let request: HTTPRequest
  private(set) var failure: TransportError?
  private(set) var hasResponse = false
  private let isCancelled: () -> Bool
  private let onResponse: (HTTPResponse) throws -> Void
  private let onBody: ([UInt8]) throws -> Void
  private var response = HTTPResponse(status: 0)
  private var uploadOffset: Int64 = 0

  /// Bytes of all header lines together; a server that sends more is cut off.
  private static let headerLimit = 256 << 10
  private var headerBytes = 0

  init(
    request: HTTPRequest, isCancelled: @escaping () -> Bool,
    onResponse: @escaping (HTTPResponse) throws -> Void,
    onBody: @escaping ([UInt8]) throws -> Void
  ) {
    self.request = request
    self.isCancelled = isCancelled
    self.onResponse = onResponse
    self.onBody = onBody
  }

  /// The length of the request's body, nil without one.
  var uploadLength: Int64? {
    switch request.body {
    case .none: nil
    case .bytes(let bytes): Int64(bytes.count)
    case .stream(let length, _): length
    }
  }

  /// Takes one header line with its line end; false drops the exchange.
  func takeHeader(_ line: [UInt8]) -> Bool {
    headerBytes += line.count
    guard headerBytes <= Self.headerLimit else {
      failure = .interrupted("the header is too large")
      return false
    }
    // What comes after the body are trailers.
    if hasResponse { return true }
    let text = String(decoding: line, as: UTF8.self)
      .trimmed { $0 == "\r" || $0 == "\n" || $0 == "\r\n" || $0 == " " || $0 == "\t" }
    if text.hasPrefix("HTTP/") {
      response = HTTPResponse(status: Int(text.drop { $0 != " " }.dropFirst().prefix(3)) ?? 0)
    } else if text.isEmpty {
      return endHeader()
    } else if let colon = text.firstIndex(of: ":") {
      let value = String(text[text.index(after: colon)...]).trimmed { $0 == " " || $0 == "\t" }
      response.headers.add(String(text[..<colon]), value)
    }
    return true
  }

  private func endHeader() -> Bool {
    // 1xx announces the real answer.
    guard response.status >= 200 else { return true }
    hasResponse = true
    return attempt { try onResponse(response) }
  }

  /// Takes a piece of the body; false drops the exchange.
  func takeBody(_ chunk: [UInt8]) -> Bool {
    attempt { try onBody(chunk) }
  }

  /// Gives at most `count` bytes to send; nil drops the exchange.
  func giveBody(_ count: Int) -> [UInt8]? {
    var chunk: [UInt8] = []
    let isGood = attempt {
      switch request.body {
      case .none: break
      case .bytes(let bytes):
        chunk = Array(bytes[Int(uploadOffset)..<min(bytes.count, Int(uploadOffset) + count)])
      case .stream(let length, let read):
        let wanted = Int(min(Int64(count), length - uploadOffset))
        if wanted > 0 { chunk = Array(try read(uploadOffset, wanted).prefix(wanted)) }
      }
    }
    uploadOffset += Int64(chunk.count)
    return isGood ? chunk : nil
  }

  func seekBody(_ offset: Int64) { uploadOffset = max(0, min(offset, uploadLength ?? 0)) }

  /// False when the user cancelled.
  func mayGoOn() -> Bool {
    if failure == nil, isCancelled() { failure = .cancelled }
    return failure == nil
  }

  private func attempt(_ body: () throws -> Void) -> Bool {
    guard mayGoOn() else { return false }
    do {
      try body()
      return true
    } catch {
      failure = .stopped(error)
      return false
    }
  }
}

extension String {
  fileprivate func trimmed(_ isStray: (Character) -> Bool) -> String {
    var rest = self[...]
    rest = rest.drop(while: isStray)
    while let last = rest.last, isStray(last) { rest.removeLast() }
    return String(rest)
  }
}
