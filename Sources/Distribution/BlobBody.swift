import Model
import OCISpec

/// Carries the body of one blob answer to the sink, at the right place and not past the end.
final class BlobBody {
  private let descriptor: Descriptor
  private let sink: any DigestingSink
  private var isPlaced = false

  init(descriptor: Descriptor, sink: any DigestingSink) {
    self.descriptor = descriptor
    self.sink = sink
  }

  func take(_ response: HTTPResponse, _ chunk: [UInt8]) throws {
    if !isPlaced {
      try place(response)
      isPlaced = true
    }
    guard sink.received + Int64(chunk.count) <= descriptor.size else {
      throw RegistryError.tooLong(limit: descriptor.size)
    }
    try sink.write(chunk)
  }

  func restart() throws(RegistryClient.Failure) {
    do { try sink.restart() } catch { throw .init(.local(wrapping: error)) }
  }

  /// A body that ends early without an error is a broken transfer as well.
  func checkComplete() throws(RegistryClient.Failure) {
    guard sink.received < descriptor.size else { return }
    var failure = RegistryClient.Failure(
      .truncated(expected: descriptor.size, got: sink.received))
    failure.isTransient = true
    throw failure
  }

  /// A server may ignore Range (200), or answer another range than asked for.
  private func place(_ response: HTTPResponse) throws {
    guard sink.received > 0 else { return }
    if response.status == 206, let range = response.headers["Content-Range"] {
      let start = range.drop { $0 != " " }.dropFirst().prefix { $0 != "-" }
      guard Int64(start) == sink.received else {
        throw RegistryError.badResponse(
          host: "the registry", reason: "another range than asked for")
      }
    } else if response.status != 206 {
      try sink.restart()
    }
  }
}

/// Keeps a small blob in memory.
final class MemorySink: DigestingSink {
  private(set) var bytes: [UInt8] = []
  private let digest: (Digest.Algorithm, [UInt8]) -> Digest

  init(digest: @escaping (Digest.Algorithm, [UInt8]) -> Digest) { self.digest = digest }

  var received: Int64 { Int64(bytes.count) }
  func write(_ chunk: [UInt8]) { bytes += chunk }
  func restart() { bytes = [] }
  func finish(_ algorithm: Digest.Algorithm) -> Digest { digest(algorithm, bytes) }
}
