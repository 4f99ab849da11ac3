import LinuxSystem

/// Bytes that come in pieces.
public protocol ByteSource: AnyObject {
  /// The next piece, never empty; nil at the end.
  func next() throws(ArchiveError) -> [UInt8]?
}

/// A file or pipe, read to its end; whoever opened it closes it.
public final class DescriptorSource: ByteSource {
  private let descriptor: Int32
  private var left: Int64

  /// Reads at most `limit` bytes.
  public init(_ descriptor: Int32, limit: Int64 = .max) {
    self.descriptor = descriptor
    left = limit
  }

  public func next() throws(ArchiveError) -> [UInt8]? {
    if left == 0 { return nil }
    let part: [UInt8]
    do throws(SystemError) {
      part = try Descriptor.read(descriptor, upTo: Int(min(left, 1 << 18)))
    } catch {
      throw .system(error)
    }
    left -= Int64(part.count)
    return part.isEmpty ? nil : part
  }
}

/// Bytes in memory.
public final class MemorySource: ByteSource {
  private var pieces: ArraySlice<[UInt8]>

  public init(_ pieces: [[UInt8]]) { self.pieces = pieces.filter { !$0.isEmpty }[...] }

  public func next() -> [UInt8]? { pieces.popFirst() }
}

/// The reading end of a queue that another thread fills.
///
/// The writer ends it with `finish`, and with an error if it failed; the reader learns that only
/// after all that came before.
public final class QueueSource: ByteSource, Sendable {
  private enum Piece: Sendable {
    case bytes([UInt8])
    case failure(ArchiveError)
  }

  private let queue: BoundedQueue<Piece>

  /// At most `capacity` pieces wait to be read.
  public init(capacity: Int = 8) { queue = BoundedQueue(capacity: capacity) }

  /// Hands over a piece; false when the reader has given up.
  public func push(_ bytes: [UInt8]) -> Bool { bytes.isEmpty || queue.push(.bytes(bytes)) }

  public func finish(_ error: ArchiveError? = nil) {
    if let error { _ = queue.push(.failure(error)) }
    queue.finish()
  }

  /// The reader wants no more: the writer's next push tells it so.
  public func abandon() { queue.abandon() }

  public func next() throws(ArchiveError) -> [UInt8]? {
    switch queue.pop() {
    case nil: return nil
    case .bytes(let bytes)?: return bytes
    case .failure(let error)?: throw error
    }
  }
}

/// A source whose first bytes can be looked at before they are read.
public final class PeekingSource: ByteSource {
  private let source: any ByteSource
  private var start: [UInt8] = []

  public init(_ source: any ByteSource) { self.source = source }

  /// The next bytes, at least `count` if there are so many; they stay to be read.
  public func peek(_ count: Int) throws(ArchiveError) -> [UInt8] {
    while start.count < count, let bytes = try source.next() { start += bytes }
    return start
  }

  public func next() throws(ArchiveError) -> [UInt8]? {
    guard start.isEmpty else {
      defer { start = [] }
      return start
    }
    return try source.next()
  }
}
