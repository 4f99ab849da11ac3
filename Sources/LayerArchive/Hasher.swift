import CCrypto
public import Model

/// A running hash (libcrypto's EVP interface, which uses the processor's SHA instructions).
@safe public final class Hasher {
  public let algorithm: Digest.Algorithm
  private let context: OpaquePointer
  public private(set) var count: Int64 = 0

  public init(_ algorithm: Digest.Algorithm = .sha256) {
    self.algorithm = algorithm
    guard let context = unsafe EVP_MD_CTX_new() else {
      preconditionFailure("libcrypto allocates a few hundred bytes or the process has no memory")
    }
    unsafe self.context = unsafe context
    let method = unsafe algorithm == .sha256 ? EVP_sha256() : EVP_sha512()
    let started = unsafe EVP_DigestInit_ex(context, method, nil)
    precondition(started == 1, "both algorithms are built into libcrypto")
  }

  deinit { unsafe EVP_MD_CTX_free(context) }

  public func update(_ bytes: [UInt8]) {
    count += Int64(bytes.count)
    let done = unsafe bytes.withUnsafeBytes {
      unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count)
    }
    precondition(done == 1, "hashing memory cannot fail")
  }

  /// The digest of all bytes; the hasher is of no use after it.
  public func finish() -> Digest {
    var bytes = [UInt8](repeating: 0, count: algorithm.hexLength / 2)
    let done = unsafe bytes.withUnsafeMutableBytes {
      unsafe EVP_DigestFinal_ex(context, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), nil)
    }
    guard done == 1, let digest = Digest(algorithm: algorithm, bytes: bytes) else {
      preconditionFailure("the output has the algorithm's length")
    }
    return digest
  }

  public static func digest(of bytes: [UInt8], _ algorithm: Digest.Algorithm = .sha256) -> Digest {
    let hasher = Hasher(algorithm)
    hasher.update(bytes)
    return hasher.finish()
  }
}

/// A source that hashes what passes through it.
public final class HashingSource: ByteSource {
  private let source: any ByteSource
  private let hasher: Hasher

  public init(_ source: any ByteSource, into hasher: Hasher) {
    self.source = source
    self.hasher = hasher
  }

  public func next() throws(ArchiveError) -> [UInt8]? {
    guard let bytes = try source.next() else { return nil }
    hasher.update(bytes)
    return bytes
  }
}
