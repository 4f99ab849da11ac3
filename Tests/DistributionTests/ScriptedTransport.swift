import Distribution
import Model

/// Plays answers from a table and keeps the requests.
final class ScriptedTransport: HTTPTransport {
  struct Answer {
    var status: Int
    var headers: HTTPHeaders
    var body: [UInt8]
    /// Thrown after the body.
    var end: TransportError?
    /// Thrown before any status.
    var start: TransportError?

    static func status(
      _ status: Int, _ headers: HTTPHeaders = [:], _ body: String = "",
      thenFails end: TransportError? = nil
    ) -> Answer {
      Answer(status: status, headers: headers, body: Array(body.utf8), end: end)
    }

    static func fails(_ error: TransportError) -> Answer {
      Answer(status: 0, headers: [:], body: [], start: error)
    }
  }

  private var answers: [Answer]
  private(set) var requests: [HTTPRequest] = []

  init(_ answers: [Answer]) { self.answers = answers }

  /// `METHOD URL` of all requests.
  var log: [String] { requests.map { "\($0.method.rawValue) \($0.url)" } }

  var unplayed: Int { answers.count }

  func perform(
    _ request: HTTPRequest, onResponse: (HTTPResponse) throws -> Void,
    onBody: ([UInt8]) throws -> Void
  ) throws(TransportError) {
    requests.append(request)
    guard !answers.isEmpty else { throw .interrupted("the script is over") }
    let answer = answers.removeFirst()
    if let error = answer.start { throw error }
    do {
      try onResponse(HTTPResponse(status: answer.status, headers: answer.headers))
      for start in stride(from: 0, to: answer.body.count, by: 7) {
        try onBody(Array(answer.body[start..<min(start + 7, answer.body.count)]))
      }
    } catch {
      throw .stopped(error)
    }
    if let error = answer.end { throw error }
  }
}

/// Keeps a blob in memory and hashes it.
final class RecordingSink: DigestingSink {
  var bytes: [UInt8]
  private(set) var restarts = 0

  init(_ present: String = "") { bytes = Array(present.utf8) }

  var received: Int64 { Int64(bytes.count) }
  func write(_ chunk: [UInt8]) { bytes += chunk }
  func restart() {
    bytes = []
    restarts += 1
  }
  func finish(_ algorithm: Digest.Algorithm) -> Digest { SHA256.digest(bytes) }
}

final class MemorySource: BlobSource {
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func read(at offset: Int64, count: Int) -> [UInt8] {
    Array(bytes[Int(offset)..<min(bytes.count, Int(offset) + count)])
  }
}

/// A client on a script, whose sleeps are recorded and take no time.
final class Script {
  let transport: ScriptedTransport
  private(set) var sleeps: [Duration] = []
  /// "1/4 REASON", what the client told of connections it tried again.
  private(set) var retries: [String] = []
  var credentials: Credentials?
  var tlsVerify: Bool?
  var retry = RetryPolicy()

  init(_ answers: [ScriptedTransport.Answer], credentials: Credentials? = nil) {
    transport = ScriptedTransport(answers)
    self.credentials = credentials
  }

  lazy var client: RegistryClient = {
    var options = RegistryClient.Options()
    options.tlsVerify = tlsVerify
    options.retry = retry
    let environment = RegistryClient.Environment(
      credentials: { [credentials] _, _ in credentials },
      digest: { _, bytes in SHA256.digest(bytes) },
      sleep: { [unowned self] in sleeps.append($0) },
      onRetry: { [unowned self] in
        guard case .unreachable(_, let reason) = $0.error else { return }
        retries.append("\($0.number)/\($0.limit) \(reason)")
      },
      random: { 0 })
    return RegistryClient(transport: transport, environment: environment, options: options)
  }()
}
