import LinuxSystem

/// Writes a tar archive: ustar, with pax headers only where ustar has no room.
///
/// Equal input gives equal bytes.
public final class TarWriter {
  private let output: ([UInt8], Range<Int>) throws(ArchiveError) -> Void
  private var dataLeft: Int64 = 0
  private var padding = 0

  /// Every piece is handed to `output`.
  public init(_ output: @escaping ([UInt8], Range<Int>) throws(ArchiveError) -> Void) {
    self.output = output
  }

  /// Starts an entry; a file's `size` bytes must follow by `write`.
  public func begin(_ entry: TarEntry) throws(ArchiveError) {
    precondition(dataLeft == 0, "the entry before is not complete")
    var (type, link): (UInt8, [UInt8])
    var device: (UInt32, UInt32) = (0, 0)
    switch entry.kind {
    case .file: (type, link) = (UInt8(ascii: "0"), [])
    case .hardLink(let target): (type, link) = (UInt8(ascii: "1"), Array(target.bytes))
    case .symbolicLink(let target): (type, link) = (UInt8(ascii: "2"), Array(target.bytes))
    case .characterDevice(let major, let minor):
      (type, link, device) = (UInt8(ascii: "3"), [], (major, minor))
    case .blockDevice(let major, let minor):
      (type, link, device) = (UInt8(ascii: "4"), [], (major, minor))
    case .directory: (type, link) = (UInt8(ascii: "5"), [])
    case .fifo: (type, link) = (UInt8(ascii: "6"), [])
    }
    let size = entry.kind == .file ? entry.size : 0
    let name = Array(entry.path.bytes)
    let records = Self.paxRecords(entry, name: name, link: link, size: size)
    if !records.isEmpty {
      let start = Self.header(
        name: Array("PaxHeaders.0/".utf8) + name, type: UInt8(ascii: "x"), link: [],
        entry: TarEntry(entry.path, .file, permissions: 0o644), size: Int64(records.count), (0, 0))
      try put(start + records + Self.zeros(Self.padding(Int64(records.count))))
    }
    try put(Self.header(name: name, type: type, link: link, entry: entry, size: size, device))
    dataLeft = size
    padding = Self.padding(size)
    if size == 0 { try endData() }
  }

  /// Part of the current file's data.
  public func write(_ bytes: [UInt8], _ range: Range<Int>) throws(ArchiveError) {
    guard Int64(range.count) <= dataLeft else {
      throw .malformed("a file grew while it was archived", entry: nil)
    }
    try output(bytes, range)
    dataLeft -= Int64(range.count)
    if dataLeft == 0 { try endData() }
  }

  /// An entry with its data.
  public func add(_ entry: TarEntry, _ data: [UInt8] = []) throws(ArchiveError) {
    try begin(entry)
    if !data.isEmpty { try write(data, 0..<data.count) }
  }

  /// Ends the archive.
  public func finish() throws(ArchiveError) {
    guard dataLeft == 0 else {
      throw .malformed("a file shrank while it was archived", entry: nil)
    }
    try put(Self.zeros(1_024))
  }

  private func endData() throws(ArchiveError) {
    if padding > 0 { try put(Self.zeros(padding)) }
    padding = 0
  }

  private func put(_ bytes: [UInt8]) throws(ArchiveError) { try output(bytes, 0..<bytes.count) }

  private static func padding(_ size: Int64) -> Int { Int((512 - size % 512) % 512) }

  private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
}

extension TarWriter {
  /// What a ustar header cannot hold, as pax records.
  private static func paxRecords(
    _ entry: TarEntry, name: [UInt8], link: [UInt8], size: Int64
  ) -> [UInt8] {
    var records: [UInt8] = []
    func put(_ key: String, _ value: [UInt8]) {
      let body = Array(" \(key)=".utf8) + value + [0x0A]
      // The length counts its own digits.
      var length = body.count + 1
      while String(length).utf8.count + body.count != length { length += 1 }
      records += Array(String(length).utf8) + body
    }
    if name.count > 100 { put("path", name) }
    if link.count > 100 { put("linkpath", link) }
    if size >= 1 << 33 { put("size", Array(String(size).utf8)) }
    if entry.uid >= 1 << 21 { put("uid", Array(String(entry.uid).utf8)) }
    if entry.gid >= 1 << 21 { put("gid", Array(String(entry.gid).utf8)) }
    let fraction = entry.modified % 1_000_000_000
    if fraction != 0 || entry.modified < 0 { put("mtime", time(entry.modified)) }
    for (name, value) in entry.attributes { put("SCHILY.xattr.\(name)", value) }
    return records
  }

  private static func time(_ nanoseconds: Int64) -> [UInt8] {
    let magnitude = nanoseconds.magnitude
    let digits = String(magnitude % 1_000_000_000)
    let fraction = String(repeating: "0", count: 9 - digits.count) + digits
    return Array("\(nanoseconds < 0 ? "-" : "")\(magnitude / 1_000_000_000).\(fraction)".utf8)
  }

  private static func header(
    name: [UInt8], type: UInt8, link: [UInt8], entry: TarEntry, size: Int64,
    _ device: (UInt32, UInt32)
  ) -> [UInt8] {
    var block = zeros(512)
    func put(_ bytes: some Collection<UInt8>, at offset: Int, room: Int) {
      for (index, byte) in bytes.prefix(room).enumerated() { block[offset + index] = byte }
    }
    func octal(_ value: Int64, at offset: Int, digits: Int) {
      // Too large a number stands in a pax record.
      let text = String(max(value, 0), radix: 8)
      let shown = text.count > digits ? String(repeating: "0", count: digits) : text
      put(
        (String(repeating: "0", count: digits - shown.count) + shown).utf8, at: offset, room: digits
      )
    }
    put(name, at: 0, room: 100)
    octal(Int64(entry.permissions), at: 100, digits: 7)
    octal(Int64(entry.uid), at: 108, digits: 7)
    octal(Int64(entry.gid), at: 116, digits: 7)
    octal(size, at: 124, digits: 11)
    octal(entry.modified / 1_000_000_000, at: 136, digits: 11)
    put("        ".utf8, at: 148, room: 8)
    block[156] = type
    put(link, at: 157, room: 100)
    put("ustar".utf8, at: 257, room: 5)
    put("00".utf8, at: 263, room: 2)
    octal(Int64(device.0), at: 329, digits: 7)
    octal(Int64(device.1), at: 337, digits: 7)
    octal(block.reduce(0) { $0 + Int64($1) }, at: 148, digits: 6)
    block[154] = 0
    block[155] = 0x20
    return block
  }
}
