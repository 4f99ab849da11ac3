import LinuxSystem

/// Reads a tar archive entry by entry: ustar, GNU (long names, sparse files, base 256) and pax.
///
/// Written in Swift so that bytes from strangers meet bounds checks, and so that names stay bytes:
/// libarchive would translate them by the locale.
public final class TarReader {
  private let input: TarInput
  private let limits: ArchiveLimits
  private var entries = 0
  /// Bytes of the current entry's data and padding that nobody has read yet.
  private var dataLeft: Int64 = 0
  private var paddingLeft = 0
  private var atEnd = false

  public init(_ source: any ByteSource, limits: ArchiveLimits = ArchiveLimits()) {
    input = TarInput(source, limit: limits.archiveSize)
    self.limits = limits
  }

  /// The next entry, or nil at the end; what is left of the current one is skipped.
  public func nextEntry() throws(ArchiveError) -> TarEntry? {
    if atEnd { return nil }
    try skipData()
    var pax: PaxRecords?
    var longName: [UInt8]?
    var longLink: [UInt8]?
    while true {
      entries += 1
      if entries > limits.entries { throw .tooMuch("it has more than \(limits.entries) entries") }
      guard let header = try nextHeader() else {
        if pax != nil || longName != nil || longLink != nil { throw .truncated }
        return nil
      }
      switch header.type {
      case UInt8(ascii: "x"), UInt8(ascii: "X"):
        pax = try PaxRecords(parsing: try special(header), limits: limits)
      // Global headers hold comments (git archive); their values are for no entry in particular.
      case UInt8(ascii: "g"): _ = try special(header)
      case UInt8(ascii: "L"): longName = try special(header).trimmedAtNUL
      case UInt8(ascii: "K"): longLink = try special(header).trimmedAtNUL
      case UInt8(ascii: "V"): try expectData(try header.size(), of: header)
      default:
        let name = pax?.sparse.name ?? pax?.path ?? longName ?? header.name
        let link = pax?.linkPath ?? longLink ?? header.linkName
        return try entry(header, pax, name: name, link: link)
      }
      try skipData()
    }
  }

  /// Passes on the current file's data, piece by piece: where it belongs in the file, and the bytes.
  public func readData(
    _ body: (Int64, [UInt8], Range<Int>) throws(ArchiveError) -> Void
  ) throws(ArchiveError) {
    let segments = self.segments ?? [TarEntry.Segment(offset: 0, length: dataLeft)]
    for segment in segments {
      var offset = segment.offset
      let end = segment.offset + segment.length
      while offset < end {
        let range = try input.take(upTo: Int(min(end - offset, 1 << 30)))
        dataLeft -= Int64(range.count)
        try body(offset, input.chunk, range)
        offset += Int64(range.count)
      }
    }
    try skipData()
  }

  /// Reads what follows the end of the archive, so that a digest covers all bytes.
  public func drain() throws(ArchiveError) {
    try skipData()
    try input.drain()
  }

  private var segments: [TarEntry.Segment]?

  private func nextHeader() throws(ArchiveError) -> TarHeader? {
    guard let block = try input.block(atBoundary: true) else {
      atEnd = true
      return nil
    }
    if let header = try TarHeader(block) { return header }
    atEnd = true
    guard let second = try input.block(atBoundary: true) else { return nil }
    if try TarHeader(second) != nil {
      throw .malformed("there are entries behind its end", entry: nil)
    }
    return nil
  }

  private func special(_ header: TarHeader) throws(ArchiveError) -> [UInt8] {
    let size = try header.size()
    guard size >= 0, size <= Int64(limits.headerSize) else {
      throw .tooMuch("a header of an entry has \(size) bytes")
    }
    try expectData(size, of: header)
    let bytes = try input.read(Int(size))
    dataLeft = 0
    return bytes
  }

  private func expectData(_ size: Int64, of header: TarHeader) throws(ArchiveError) {
    guard size >= 0, size <= limits.fileSize else {
      throw .malformed("its size is out of range", entry: header.displayName)
    }
    dataLeft = size
    paddingLeft = Int((512 - size % 512) % 512)
    segments = nil
  }

  private func skipData() throws(ArchiveError) {
    while dataLeft > 0 {
      dataLeft -= Int64(try input.take(upTo: Int(min(dataLeft, 1 << 30))).count)
    }
    while paddingLeft > 0 {
      // Padding that the archive's end cuts off does no harm.
      guard let range = try input.takeIfThere(upTo: paddingLeft) else { break }
      paddingLeft -= range.count
    }
    paddingLeft = 0
  }
}

extension TarReader {
  private func entry(
    _ header: TarHeader, _ pax: PaxRecords?, name: [UInt8], link: [UInt8]
  ) throws(ArchiveError) -> TarEntry {
    let shown = String(decoding: name.prefix(512), as: UTF8.self)
    guard name.count <= limits.pathLength, link.count <= limits.pathLength else {
      throw .malformed("its name has more than \(limits.pathLength) bytes", entry: shown)
    }
    guard let path = RawPath(name) else { throw .malformed("an entry has no name", entry: nil) }
    let kind = try self.kind(header, name: name, link: link, shown: shown)
    let hasData = kind == .file
    let stored = if let size = pax?.size { size } else { try header.size() }
    // POSIX lets links state their target's size though no data follows.
    try expectData(hasData || header.type == UInt8(ascii: "D") ? stored : 0, of: header)
    let uid = if let uid = pax?.uid { uid } else { try header.uid() }
    let gid = if let gid = pax?.gid { gid } else { try header.gid() }
    let modified =
      if let time = pax?.modified { time } else { Self.nanoseconds(try header.modified()) }
    var entry = TarEntry(
      path, kind, permissions: try header.mode(), uid: try Self.id(uid, shown),
      gid: try Self.id(gid, shown), modified: modified, size: hasData ? stored : 0)
    entry.attributes = pax?.attributes ?? []
    if hasData { try readSparseMap(&entry, header, pax, shown) }
    return entry
  }

  private func kind(
    _ header: TarHeader, name: [UInt8], link: [UInt8], shown: String
  ) throws(ArchiveError) -> TarEntry.Kind {
    switch header.type {
    case 0, UInt8(ascii: "0"), UInt8(ascii: "7"), UInt8(ascii: "S"):
      // Before ustar a directory was a file whose name ends in a slash.
      return header.type == 0 && name.last == 0x2F ? .directory : .file
    case UInt8(ascii: "5"), UInt8(ascii: "D"): return .directory
    case UInt8(ascii: "1"), UInt8(ascii: "2"):
      guard let target = RawPath(link) else {
        throw .malformed("a link has no target", entry: shown)
      }
      return header.type == UInt8(ascii: "1") ? .hardLink(to: target) : .symbolicLink(to: target)
    case UInt8(ascii: "3"), UInt8(ascii: "4"):
      let (major, minor) = try header.device()
      return header.type == UInt8(ascii: "3")
        ? .characterDevice(major: major, minor: minor) : .blockDevice(major: major, minor: minor)
    case UInt8(ascii: "6"): return .fifo
    default:
      let type = String(decoding: [header.type], as: UTF8.self).debugDescription
      throw .malformed("it has the unknown type \(type)", entry: shown)
    }
  }

  private static func id(_ value: Int64, _ entry: String) throws(ArchiveError) -> UInt32 {
    // The largest number means "no change" to chown(2).
    guard let id = UInt32(exactly: value), id != .max else {
      throw .malformed("its owner \(value) is out of range", entry: entry)
    }
    return id
  }

  private static func nanoseconds(_ seconds: Int64) -> Int64 {
    min(max(seconds, -(1 << 33)), 1 << 33) * 1_000_000_000
  }

  private func readSparseMap(
    _ entry: inout TarEntry, _ header: TarHeader, _ pax: PaxRecords?, _ shown: String
  ) throws(ArchiveError) {
    var map: [Int64]
    let realSize: Int64
    if header.type == UInt8(ascii: "S") {
      map = try gnuSparseMap(header)
      realSize = try header.number(483..<495, "size")
    } else if let sparse = pax?.sparse, sparse.isThere {
      map = sparse.major == 1 ? try paxSparseMap(shown) : sparse.map
      realSize = sparse.realSize ?? entry.size
    } else {
      return
    }
    var segments: [TarEntry.Segment] = []
    var position: Int64 = 0
    var total: Int64 = 0
    guard map.count % 2 == 0, realSize >= 0, realSize <= limits.fileSize else {
      throw .malformed("its map of holes is broken", entry: shown)
    }
    for index in stride(from: 0, to: map.count, by: 2) {
      let (offset, length) = (map[index], map[index + 1])
      guard offset >= position, length >= 0, offset <= realSize, length <= realSize - offset else {
        throw .malformed("its map of holes is broken", entry: shown)
      }
      if length > 0 { segments.append(TarEntry.Segment(offset: offset, length: length)) }
      position = offset + length
      total += length
    }
    guard total == dataLeft else { throw .malformed("its map of holes is broken", entry: shown) }
    entry.size = realSize
    entry.segments = segments
    self.segments = segments
  }

  /// Four pairs in the header, 21 in each block that follows.
  private func gnuSparseMap(_ header: TarHeader) throws(ArchiveError) -> [Int64] {
    var map: [Int64] = []
    func append(_ block: [UInt8], _ start: Int, _ pairs: Int) throws(ArchiveError) {
      for at in stride(from: start, to: start + pairs * 24, by: 12) where block[at] != 0 {
        map.append(try TarHeader.number(block[at..<(at + 12)], "map", entry: header.displayName))
      }
    }
    try append(header.block, 386, 4)
    var more = header.block[482] != 0
    while more {
      guard let block = try input.block(atBoundary: false) else { throw .truncated }
      try append(block, 0, 21)
      more = block[504] != 0
      if map.count > 2 * limits.sparseSegments { throw .tooMuch("a file has too many holes") }
    }
    return map
  }

  /// Version 1.0: decimal numbers, one a line, in whole blocks before the data.
  private func paxSparseMap(_ shown: String) throws(ArchiveError) -> [Int64] {
    var map: [Int64] = []
    var expected: Int64?
    var line: [UInt8] = []
    while expected.map({ map.count < $0 * 2 }) ?? true {
      guard dataLeft >= 512, let block = try input.block(atBoundary: false) else {
        throw .malformed("its map of holes is broken", entry: shown)
      }
      dataLeft -= 512
      for byte in block {
        if let expected, map.count == expected * 2 { break }
        guard byte == 0x0A else {
          line.append(byte)
          continue
        }
        guard let number = PaxRecords.decimal(line[...]) else {
          throw .malformed("its map of holes is broken", entry: shown)
        }
        line = []
        if expected != nil { map.append(number) } else { expected = number }
        if number > limits.fileSize || (expected ?? 0) > Int64(limits.sparseSegments) {
          throw .tooMuch("a file has too many holes")
        }
      }
    }
    return map
  }
}

extension [UInt8] {
  fileprivate var trimmedAtNUL: [UInt8] { Array(prefix { $0 != 0 }) }
}
