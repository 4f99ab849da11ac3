import CArchive
import LinuxSystem

/// How a stream is compressed, told by its first bytes.
public enum StreamCompression: Sendable {
  case none, gzip, zstd, xz, bzip2

  public init(_ start: some Collection<UInt8>) {
    let start = Array(start.prefix(6))
    if start.starts(with: [0x1F, 0x8B]) {
      self = .gzip
    } else if start.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) {
      self = .zstd
    } else if start == [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00] {
      self = .xz
    } else if start.starts(with: [0x42, 0x5A, 0x68]) {
      self = .bzip2
    } else {
      self = .none
    }
  }

  fileprivate var filter: Int32? {
    switch self {
    case .none: nil
    case .gzip: ARCHIVE_FILTER_GZIP
    case .zstd: ARCHIVE_FILTER_ZSTD
    case .xz: ARCHIVE_FILTER_XZ
    case .bzip2: ARCHIVE_FILTER_BZIP2
    }
  }
}

/// Decompresses a stream by one filter of libarchive, chosen by the first bytes.
///
/// Exactly one: libarchive's own guessing would go on through gzip in gzip in gzip. The window of
/// zstd is capped at 128 MB by libzstd itself (ZSTD_WINDOWLOG_LIMIT_DEFAULT). Uncompressed streams
/// pass through.
@safe public final class Decompressor: ByteSource {
  private let feed: Feed
  private var archive: OpaquePointer?
  private var started = false

  public init(_ source: any ByteSource) { feed = Feed(source) }

  deinit { if let archive = unsafe archive { unsafe archive_read_free(archive) } }

  /// Bytes read from the source so far.
  public var consumed: Int64 { feed.consumed }

  public func next() throws(ArchiveError) -> [UInt8]? {
    if !started {
      started = true
      try start()
    }
    guard let archive = unsafe archive else { return try feed.next() }
    let size = 1 << 18
    var n = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, used in
      n = unsafe archive_read_data(archive, buffer.baseAddress, size)
      used = max(n, 0)
    }
    if n < 0 { throw unsafe failure(of: archive) }
    return bytes.isEmpty ? nil : bytes
  }

  private func start() throws(ArchiveError) {
    guard let filter = StreamCompression(try feed.peek(6)).filter else { return }
    guard let archive = unsafe archive_read_new() else {
      throw .system(SystemError("archive_read_new", "", errno: Errno.noMemory))
    }
    unsafe self.archive = archive
    unsafe archive_read_support_format_raw(archive)
    unsafe archive_read_support_format_empty(archive)
    guard unsafe archive_read_append_filter(archive, filter) == ARCHIVE_OK else {
      throw .unsupported("this compression")
    }
    let opened = unsafe archive_read_open(
      archive, Unmanaged.passUnretained(feed).toOpaque(), nil,
      { _, context, buffer in
        guard let context = unsafe context, let buffer = unsafe buffer else { return -1 }
        return unsafe Unmanaged<Feed>.fromOpaque(context).takeUnretainedValue().give(buffer)
      }, nil)
    guard opened == ARCHIVE_OK else { throw unsafe failure(of: archive) }
    var entry: OpaquePointer?
    let header = unsafe archive_read_next_header(archive, &entry)
    if header != ARCHIVE_OK && header != ARCHIVE_EOF { throw unsafe failure(of: archive) }
  }

  private func failure(of archive: OpaquePointer) -> ArchiveError {
    if let error = feed.failure { return error }
    guard let text = unsafe archive_error_string(archive) else { return .compression("bad data") }
    let reason = unsafe String(cString: text)
    return .compression(reason.prefix(1).lowercased() + reason.dropFirst())
  }

  /// The compressed bytes as libarchive asks for them.
  @safe private final class Feed {
    private let source: any ByteSource
    private var waiting: [[UInt8]] = []
    /// What libarchive reads until it asks again.
    private var current: UnsafeMutableRawPointer?
    private(set) var failure: ArchiveError?
    private(set) var consumed: Int64 = 0

    init(_ source: any ByteSource) { self.source = source }

    deinit { unsafe current?.deallocate() }

    func next() throws(ArchiveError) -> [UInt8]? {
      if !waiting.isEmpty { return waiting.removeFirst() }
      let bytes = try source.next()
      consumed += Int64(bytes?.count ?? 0)
      return bytes
    }

    /// The first bytes, which stay to be read.
    func peek(_ count: Int) throws(ArchiveError) -> [UInt8] {
      var start: [UInt8] = []
      while start.count < count, let bytes = try source.next() {
        consumed += Int64(bytes.count)
        start += bytes
      }
      if !start.isEmpty { waiting = [start] }
      return start
    }

    func give(_ buffer: UnsafeMutablePointer<UnsafeRawPointer?>) -> Int {
      let bytes: [UInt8]
      do throws(ArchiveError) {
        bytes = try next() ?? []
      } catch {
        failure = error
        return -1
      }
      unsafe current?.deallocate()
      let space = UnsafeMutableRawPointer.allocate(byteCount: max(bytes.count, 1), alignment: 16)
      unsafe bytes.withUnsafeBytes { bytes in
        if let start = bytes.baseAddress {
          unsafe space.copyMemory(from: start, byteCount: bytes.count)
        }
      }
      unsafe current = unsafe space
      unsafe buffer.pointee = UnsafeRawPointer(space)
      return bytes.count
    }
  }
}
