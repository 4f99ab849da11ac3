import LinuxSystem

/// One 512-byte block that starts an entry (pax(1), ustar interchange format; tar(5)).
struct TarHeader {
  static let size = 512
  let block: [UInt8]

  /// Nil for a block of zeros, which ends the archive.
  init?(_ block: [UInt8]) throws(ArchiveError) {
    if block.allSatisfy({ $0 == 0 }) { return nil }
    self.block = block
    let written = try number(148..<156, "checksum")
    var unsigned: Int64 = 0
    var signed: Int64 = 0
    for (index, byte) in block.enumerated() {
      let byte = (148..<156).contains(index) ? 0x20 : byte
      unsigned += Int64(byte)
      signed += Int64(Int8(bitPattern: byte))
    }
    // Some old tars summed signed bytes.
    guard written == unsigned || written == signed else {
      throw .malformed("a header has a wrong checksum", entry: nil)
    }
  }

  var type: UInt8 { block[156] }
  var isGNU: Bool { block[257..<263].elementsEqual("ustar ".utf8) }
  var isUstar: Bool { block[257..<262].elementsEqual("ustar".utf8) && !isGNU }

  var name: [UInt8] {
    let name = text(0..<100)
    let prefix = isUstar ? text(345..<500) : []
    return prefix.isEmpty ? name : prefix + [0x2F] + name
  }

  var linkName: [UInt8] { text(157..<257) }

  func mode() throws(ArchiveError) -> UInt32 {
    UInt32(truncatingIfNeeded: try number(100..<108, "mode")) & 0o7777
  }
  func uid() throws(ArchiveError) -> Int64 { try number(108..<116, "uid") }
  func gid() throws(ArchiveError) -> Int64 { try number(116..<124, "gid") }
  func size() throws(ArchiveError) -> Int64 { try number(124..<136, "size") }
  func modified() throws(ArchiveError) -> Int64 { try number(136..<148, "mtime") }

  func device() throws(ArchiveError) -> (major: UInt32, minor: UInt32) {
    guard let major = UInt32(exactly: try number(329..<337, "device")),
      let minor = UInt32(exactly: try number(337..<345, "device"))
    else { throw .malformed("a device number is out of range", entry: displayName) }
    return (major, minor)
  }

  var displayName: String { String(decoding: name, as: UTF8.self) }

  func text(_ range: Range<Int>) -> [UInt8] { Array(block[range].prefix { $0 != 0 }) }

  /// Octal digits between spaces and NULs, or GNU's base 256 when the first bit is set.
  func number(_ range: Range<Int>, _ field: String) throws(ArchiveError) -> Int64 {
    try Self.number(block[range], field, entry: displayName)
  }

  static func number(
    _ bytes: ArraySlice<UInt8>, _ field: String, entry: String
  ) throws(ArchiveError) -> Int64 {
    if let first = bytes.first, first & 0x80 != 0 {
      // Two's complement, the top bit being the marker.
      var value: Int64 = first & 0x40 != 0 ? -1 : 0
      for (index, byte) in bytes.enumerated() {
        let byte = index == 0 ? byte & 0x7F | (value < 0 ? 0x80 : 0) : byte
        let (product, overflow) = value.multipliedReportingOverflow(by: 256)
        if overflow { throw .malformed("its \(field) is out of range", entry: entry) }
        value = product | Int64(byte)
      }
      return value
    }
    var value: Int64 = 0
    let digits = bytes.drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
    for digit in digits {
      guard (0x30...0x37).contains(digit), value < 1 << 59 else {
        throw .malformed("its \(field) is not a number", entry: entry)
      }
      value = value << 3 | Int64(digit - 0x30)
    }
    return value
  }
}
