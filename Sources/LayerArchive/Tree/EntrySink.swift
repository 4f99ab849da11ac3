import LinuxSystem

/// Where the entries of a tree go: an archive, or another tree.
///
/// For each entry: `begin`, then for a file all of its data in order, then `end`.
public protocol EntrySink: AnyObject {
  func begin(_ entry: TarEntry) throws(ArchiveError)
  /// Part of the current file's data, which belongs at `offset`; what is between parts is zeros.
  func write(_ bytes: [UInt8], _ range: Range<Int>, at offset: Int64) throws(ArchiveError)
  /// All data of the current file at once, from an open file whose size was told by `begin`.
  func copy(from file: Int32) throws(ArchiveError)
  func end() throws(ArchiveError)
  /// No entry follows.
  func finish() throws(ArchiveError)
}

extension EntrySink {
  /// Sends on all entries of an archive.
  public func receive(_ reader: TarReader) throws(ArchiveError) {
    while let entry = try reader.nextEntry() {
      try begin(entry)
      if entry.kind == .file {
        try reader.readData { (offset, bytes, range) throws(ArchiveError) in
          try write(bytes, range, at: offset)
        }
      }
      try end()
    }
  }
}

/// Writes the entries as a tar archive.
public final class ArchiveSink: EntrySink {
  private let writer: TarWriter
  private var size: Int64 = 0
  private var position: Int64 = 0

  public init(_ writer: TarWriter) { self.writer = writer }

  public func begin(_ entry: TarEntry) throws(ArchiveError) {
    size = entry.kind == .file ? entry.size : 0
    position = 0
    var entry = entry
    // As tar(1) writes directories.
    if entry.kind == .directory, let path = RawPath(Array(entry.path.bytes) + [0x2F]) {
      entry.path = path
    }
    try writer.begin(entry)
  }

  public func write(_ bytes: [UInt8], _ range: Range<Int>, at offset: Int64) throws(ArchiveError) {
    try fill(to: offset)
    try writer.write(bytes, range)
    position += Int64(range.count)
  }

  /// A file that is written to meanwhile is cut, or filled with zeros, to the size it had.
  public func copy(from file: Int32) throws(ArchiveError) {
    var buffer = [UInt8](repeating: 0, count: Int(min(size, 1 << 18)))
    while position < size {
      let count = try kernel { () throws(SystemError) in
        try Descriptor.read(file, into: &buffer)
      }
      if count == 0 { return }
      try write(buffer, 0..<Int(min(Int64(count), size - position)), at: position)
    }
  }

  public func end() throws(ArchiveError) { try fill(to: size) }

  public func finish() throws(ArchiveError) { try writer.finish() }

  private func fill(to offset: Int64) throws(ArchiveError) {
    let zeros = [UInt8](repeating: 0, count: Int(min(max(0, offset - position), 1 << 16)))
    while position < offset {
      let count = min(Int64(zeros.count), offset - position)
      try writer.write(zeros, 0..<Int(count))
      position += count
    }
  }
}
