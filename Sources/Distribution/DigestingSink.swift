public import Model

/// Takes a blob as it arrives and knows its digest.
///
/// The client compares the digest, so no caller can forget to.
public protocol DigestingSink: AnyObject {
  /// Bytes of the blob that are there already; the download goes on behind them.
  var received: Int64 { get }
  func write(_ chunk: [UInt8]) throws
  /// Forgets all bytes: the registry starts from the beginning.
  func restart() throws
  /// The digest of all bytes from the first to the last, by the algorithm of the expected one.
  func finish(_ algorithm: Digest.Algorithm) throws -> Digest
}

/// Gives the bytes of a blob to push; may be asked twice for the same.
public protocol BlobSource: AnyObject {
  func read(at offset: Int64, count: Int) throws -> [UInt8]
}
