/// A source as the tar reader wants it: by blocks, by exact counts, and by ranges of pieces.
final class TarInput {
  private let source: any ByteSource
  private let limit: Int64
  private var total: Int64 = 0
  /// The piece that ranges refer to.
  private(set) var chunk: [UInt8] = []
  private var position = 0

  init(_ source: any ByteSource, limit: Int64) {
    self.source = source
    self.limit = limit
  }

  /// One to `count` of the next bytes, as a range of `chunk`.
  func take(upTo count: Int) throws(ArchiveError) -> Range<Int> {
    guard let range = try takeIfThere(upTo: count) else { throw .truncated }
    return range
  }

  func takeIfThere(upTo count: Int) throws(ArchiveError) -> Range<Int>? {
    if position == chunk.count {
      guard let next = try source.next() else { return nil }
      chunk = next
      position = 0
      total += Int64(next.count)
      if total > limit { throw .tooMuch("it holds more than \(limit) bytes") }
    }
    let start = position
    position = min(chunk.count, position + count)
    return start..<position
  }

  func read(_ count: Int) throws(ArchiveError) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count {
      let range = try take(upTo: count - bytes.count)
      bytes += chunk[range]
    }
    return bytes
  }

  /// The next 512 bytes; nil when the input ends here, which only a boundary between entries allows.
  func block(atBoundary: Bool) throws(ArchiveError) -> [UInt8]? {
    guard let range = try takeIfThere(upTo: 512) else {
      if atBoundary { return nil }
      throw .truncated
    }
    if range.count == 512 { return Array(chunk[range]) }
    return Array(chunk[range]) + (try read(512 - range.count))
  }

  func drain() throws(ArchiveError) {
    while try takeIfThere(upTo: .max >> 1) != nil {}
  }
}
