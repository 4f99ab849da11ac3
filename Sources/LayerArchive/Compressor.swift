import CArchive
import LinuxSystem

/// A source that gives the bytes of another one compressed, by one filter of libarchive.
///
/// Equal input gives equal bytes: no times or names are written into gzip's header.
@safe public final class Compressor: ByteSource {
  public enum Method: String, Sendable, CaseIterable { case gzip, zstd }

  private let source: any ByteSource
  private let archive: OpaquePointer
  private let drain = Drain()
  private var isFinished = false

  /// `level` is the method's own, its default when nil.
  public init(_ source: any ByteSource, _ method: Method, level: Int? = nil) throws(ArchiveError) {
    self.source = source
    guard let archive = unsafe archive_write_new(), let entry = unsafe archive_entry_new() else {
      throw .system(SystemError("archive_write_new", "", errno: Errno.noMemory))
    }
    unsafe self.archive = unsafe archive
    defer { unsafe archive_entry_free(entry) }
    unsafe archive_write_set_format_raw(archive)
    let filter =
      switch method {
      case .gzip: unsafe archive_write_add_filter_gzip(archive)
      case .zstd: unsafe archive_write_add_filter_zstd(archive)
      }
    guard filter == ARCHIVE_OK else { throw .unsupported("compression by \(method.rawValue)") }
    var options = method == .gzip ? ["gzip:timestamp="] : []
    if let level { options.append("\(method.rawValue):compression-level=\(level)") }
    for option in options {
      // "!" unsets an option (archive_write_set_options(3)).
      let text = option.hasSuffix("=") ? "gzip:!timestamp" : option
      guard unsafe archive_write_set_options(archive, text) == ARCHIVE_OK else { throw failure }
    }
    // Whole pieces as they come, no padding to tape blocks.
    unsafe archive_write_set_bytes_per_block(archive, 0)
    let opened = unsafe archive_write_open(
      archive, Unmanaged.passUnretained(drain).toOpaque(), nil,
      { _, context, bytes, count in
        guard let context = unsafe context, let bytes = unsafe bytes else { return -1 }
        let piece = unsafe Array(UnsafeRawBufferPointer(start: bytes, count: count))
        unsafe Unmanaged<Drain>.fromOpaque(context).takeUnretainedValue().pieces.append(piece)
        return count
      }, nil)
    guard opened == ARCHIVE_OK else { throw failure }
    unsafe archive_entry_set_filetype(entry, 0o100000)
    guard unsafe archive_write_header(archive, entry) == ARCHIVE_OK else { throw failure }
  }

  deinit { unsafe archive_write_free(archive) }

  public func next() throws(ArchiveError) -> [UInt8]? {
    while drain.pieces.isEmpty {
      if isFinished { return nil }
      if let bytes = try source.next() {
        try write(bytes)
      } else {
        isFinished = true
        guard unsafe archive_write_close(archive) == ARCHIVE_OK else { throw failure }
      }
    }
    return drain.pieces.removeFirst()
  }

  private func write(_ bytes: [UInt8]) throws(ArchiveError) {
    var done = 0
    while done < bytes.count {
      let n = unsafe bytes.withUnsafeBytes {
        unsafe archive_write_data(archive, $0.baseAddress?.advanced(by: done), $0.count - done)
      }
      guard n > 0 else { throw failure }
      done += Int(n)
    }
  }

  private var failure: ArchiveError {
    guard let text = unsafe archive_error_string(archive) else {
      return .compression("cannot compress")
    }
    return .compression(unsafe String(cString: text))
  }

  /// What libarchive has written and nobody has taken yet.
  private final class Drain {
    var pieces: [[UInt8]] = []
  }
}
