import CCurl
import Distribution

/// Owns a curl easy handle and sets it up for one exchange after the other.
@safe final class CurlHandle {
  private let handle: UnsafeMutableRawPointer
  private let errorText: UnsafeMutablePointer<CChar>

  init?() {
    guard let handle = unsafe curl_easy_init() else { return nil }
    unsafe self.handle = handle
    unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
  }

  deinit {
    unsafe curl_easy_cleanup(handle)
    unsafe errorText.deallocate()
  }

  func run(_ exchange: CurlExchange, options: CurlSession.Options) -> CURLcode {
    // Forgets all options of the last exchange, but keeps connections and the DNS cache.
    unsafe curl_easy_reset(handle)
    unsafe errorText.update(repeating: 0, count: Int(CURL_ERROR_SIZE))
    setLimits(options)
    setTLS(exchange.request, options)
    setRequest(exchange)
    setCallbacks(exchange)
    var list: UnsafeMutablePointer<curl_slist>?
    for line in headerLines(exchange) {
      // On failure curl returns nil and leaves the list as it was.
      if let longer = unsafe curl_slist_append(list, line) { unsafe list = longer }
    }
    defer { unsafe curl_slist_free_all(list) }
    _ = unsafe ccurl_set_list(handle, CURLOPT_HTTPHEADER, list)
    return withExtendedLifetime(exchange) { unsafe curl_easy_perform(handle) }
  }

  func error(_ code: CURLcode, hasResponse: Bool) -> TransportError {
    let detail = unsafe String(cString: errorText)
    let reason = detail.isEmpty ? unsafe String(cString: curl_easy_strerror(code)) : detail
    switch code {
    case CURLE_COULDNT_CONNECT:
      return .cannotConnect(connectCause.map { "\(reason): \($0)" } ?? reason)
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_URL_MALFORMAT,
      CURLE_UNSUPPORTED_PROTOCOL, CURLE_PROXY:
      return .cannotConnect(reason)
    case CURLE_PEER_FAILED_VERIFICATION:
      return .tls("x509: \(reason)")
    case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CERTPROBLEM,
      CURLE_SSL_CIPHER, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR,
      CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_USE_SSL_FAILED:
      return .tls(reason)
    case CURLE_RECV_ERROR where proxyRefused:
      return .cannotConnect(reason)
    case CURLE_OPERATION_TIMEDOUT where !hasResponse && sentBytes == 0:
      return .cannotConnect(reason)
    default:
      return .interrupted(reason)
    }
  }

  /// The proxy answered CONNECT, but not with a tunnel: nothing reached the registry.
  private var proxyRefused: Bool {
    var status = 0
    _ = unsafe ccurl_get_long(handle, CURLINFO_HTTP_CONNECTCODE, &status)
    return status != 0 && !(200..<300).contains(status)
  }

  /// Why the kernel connected to nothing, which curl's text leaves out (connect(2), errno(3)).
  private var connectCause: String? {
    var number = 0
    _ = unsafe ccurl_get_long(handle, CURLINFO_OS_ERRNO, &number)
    switch number {
    case 101: return "network is unreachable"
    case 111: return "connection refused"
    case 113: return "no route to host"
    default: return nil
    }
  }

  private var sentBytes: Int {
    var size = 0
    _ = unsafe ccurl_get_long(handle, CURLINFO_REQUEST_SIZE, &size)
    return size
  }

  private func set(_ option: CURLoption, _ value: Int) {
    _ = unsafe ccurl_set_long(handle, option, value)
  }

  private func set(_ option: CURLoption, _ text: String) {
    _ = unsafe ccurl_set_text(handle, option, text)
  }

  private func setLimits(_ options: CurlSession.Options) {
    set(CURLOPT_NOSIGNAL, 1)
    set(CURLOPT_FOLLOWLOCATION, 0)
    set(CURLOPT_PROTOCOLS_STR, "http,https")
    set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    set(CURLOPT_CONNECTTIMEOUT_MS, Int(options.connectTimeout / .milliseconds(1)))
    set(CURLOPT_LOW_SPEED_LIMIT, 1)
    set(CURLOPT_LOW_SPEED_TIME, Int(options.stallTimeout / .seconds(1)))
    set(CURLOPT_BUFFERSIZE, 256 << 10)
  }

  private func setTLS(_ request: HTTPRequest, _ options: CurlSession.Options) {
    set(CURLOPT_SSL_VERIFYPEER, request.verifiesTLS ? 1 : 0)
    set(CURLOPT_SSL_VERIFYHOST, request.verifiesTLS ? 2 : 0)
    guard let files = options.tlsFiles(request.url.authority) else { return }
    // Either replaces the bundle; the system's CAPATH stays in force beside it.
    if let path = files.authority { set(CURLOPT_CAINFO, path) }
    if let bytes = files.authorities {
      _ = unsafe bytes.withUnsafeBytes { buffer in
        unsafe ccurl_set_blob(handle, CURLOPT_CAINFO_BLOB, buffer.baseAddress, buffer.count)
      }
    }
    if let path = files.clientCertificate { set(CURLOPT_SSLCERT, path) }
    if let path = files.clientKey { set(CURLOPT_SSLKEY, path) }
  }

  private func setRequest(_ exchange: CurlExchange) {
    let request = exchange.request
    set(CURLOPT_URL, request.url.description)
    if WebAddress.isLoopback(authority: request.url.authority) { set(CURLOPT_PROXY, "") }
    if let length = exchange.uploadLength {
      set(CURLOPT_UPLOAD, 1)
      _ = unsafe ccurl_set_offset(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(length))
    }
    if request.method == .head {
      set(CURLOPT_NOBODY, 1)
    } else {
      set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
    }
  }

  private func headerLines(_ exchange: CurlExchange) -> [String] {
    // Without this curl waits for "100 Continue", which registries rarely send.
    var lines = ["Expect:"]
    for (name, value) in exchange.request.headers.fields {
      // A line end in a value would smuggle in another header.
      let isClean = !value.utf8.contains { $0 < 0x20 || $0 == 0x7f }
      if isClean { lines.append("\(name): \(value)") }
    }
    return lines
  }

  private func setCallbacks(_ exchange: CurlExchange) {
    _ = unsafe ccurl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText)
    // Unretained: `run` keeps the exchange alive until curl is done.
    let context = unsafe Unmanaged.passUnretained(exchange).toOpaque()
    for option in [
      CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_READDATA, CURLOPT_SEEKDATA,
      CURLOPT_XFERINFODATA,
    ] {
      _ = unsafe ccurl_set_pointer(handle, option, context)
    }
    set(CURLOPT_NOPROGRESS, 0)
    _ = unsafe ccurl_set_data_callback(handle, CURLOPT_HEADERFUNCTION) {
      data, size, count, context in
      let chunk = unsafe CurlHandle.bytes(data, size * count)
      return unsafe CurlHandle.exchange(context).takeHeader(chunk) ? chunk.count : 0
    }
    _ = unsafe ccurl_set_data_callback(handle, CURLOPT_WRITEFUNCTION) {
      data, size, count, context in
      let chunk = unsafe CurlHandle.bytes(data, size * count)
      return unsafe CurlHandle.exchange(context).takeBody(chunk) ? chunk.count : 0
    }
    _ = unsafe ccurl_set_data_callback(handle, CURLOPT_READFUNCTION) { data, size, count, context in
      guard let data = unsafe data,
        let chunk = unsafe CurlHandle.exchange(context).giveBody(size * count)
      else { return Int(CURL_READFUNC_ABORT) }
      let space = unsafe UnsafeMutableRawBufferPointer(start: data, count: size * count)
      unsafe space.copyBytes(from: chunk.prefix(size * count))
      return chunk.count
    }
    _ = unsafe ccurl_set_seek_callback(handle) { context, offset, origin in
      guard origin == 0 else { return CURL_SEEKFUNC_CANTSEEK }
      unsafe CurlHandle.exchange(context).seekBody(Int64(offset))
      return CURL_SEEKFUNC_OK
    }
    _ = unsafe ccurl_set_progress_callback(handle) { context, _, _, _, _ in
      unsafe CurlHandle.exchange(context).mayGoOn() ? 0 : 1
    }
  }

  fileprivate static func bytes(_ data: UnsafeMutablePointer<CChar>?, _ count: Int) -> [UInt8] {
    unsafe Array(UnsafeRawBufferPointer(start: data, count: count))
  }

  fileprivate static func exchange(_ context: UnsafeMutableRawPointer?) -> CurlExchange {
    guard let context = unsafe context else { preconditionFailure("curl lost its context") }
    return unsafe Unmanaged<CurlExchange>.fromOpaque(context).takeUnretainedValue()
  }
}
