import LinuxSystem

/// The records of a pax extended header: `length key=value\n` each (pax(1)).
struct PaxRecords {
  var path: [UInt8]?
  var linkPath: [UInt8]?
  var size: Int64?
  var uid: Int64?
  var gid: Int64?
  /// Nanoseconds since the epoch.
  var modified: Int64?
  var attributes: [(name: String, value: [UInt8])] = []
  var sparse = Sparse()

  /// GNU's sparse files within pax: three versions (tar's manual, "Storing Sparse Files").
  struct Sparse {
    var major: Int64?
    var minor: Int64?
    var name: [UInt8]?
    var realSize: Int64?
    /// Numbers of version 0.1, or offsets and sizes of 0.0 in turn.
    var map: [Int64] = []
    var isThere: Bool { major != nil || !map.isEmpty || realSize != nil }
  }

  init(parsing bytes: [UInt8], limits: ArchiveLimits) throws(ArchiveError) {
    var at = 0
    while at < bytes.count {
      // Padding some writers leave behind the last record.
      if bytes[at] == 0 { break }
      guard let space = bytes[at...].prefix(21).firstIndex(of: 0x20),
        let length = Self.decimal(bytes[at..<space]), length > 0,
        length <= Int64(bytes.count - at)
      else { throw Self.bad }
      let end = at + Int(length)
      guard space + 1 < end, bytes[end - 1] == 0x0A,
        let equals = bytes[(space + 1)..<end].firstIndex(of: 0x3D), equals > space + 1
      else { throw Self.bad }
      let key = String(decoding: bytes[(space + 1)..<equals], as: UTF8.self)
      try set(key, bytes[(equals + 1)..<(end - 1)], limits)
      at = end
    }
  }

  private static let bad = ArchiveError.malformed("a pax header has a broken record", entry: nil)

  private mutating func set(
    _ key: String, _ value: ArraySlice<UInt8>, _ limits: ArchiveLimits
  ) throws(ArchiveError) {
    switch key {
    case "path": path = try Self.name(value)
    case "linkpath": linkPath = try Self.name(value)
    case "size": size = try Self.number(value)
    case "uid": uid = try Self.number(value)
    case "gid": gid = try Self.number(value)
    case "mtime": modified = try Self.time(value)
    case "GNU.sparse.major": sparse.major = try Self.number(value)
    case "GNU.sparse.minor": sparse.minor = try Self.number(value)
    case "GNU.sparse.name": sparse.name = try Self.name(value)
    case "GNU.sparse.realsize", "GNU.sparse.size": sparse.realSize = try Self.number(value)
    case "GNU.sparse.offset", "GNU.sparse.numbytes": sparse.map.append(try Self.number(value))
    case "GNU.sparse.map":
      sparse.map = []
      for part in value.split(separator: 0x2C) { sparse.map.append(try Self.number(part)) }
    default:
      let prefix = "SCHILY.xattr."
      guard key.hasPrefix(prefix), key.utf8.count > prefix.utf8.count else { return }
      attributes.append((String(key.dropFirst(prefix.count)), Array(value)))
    }
    if sparse.map.count > 2 * limits.sparseSegments { throw .tooMuch("a file has too many holes") }
  }

  private static func name(_ value: ArraySlice<UInt8>) throws(ArchiveError) -> [UInt8] {
    // A NUL would make the name mean one thing to us and another to the kernel.
    if value.isEmpty || value.contains(0) { throw bad }
    return Array(value)
  }

  private static func number(_ value: ArraySlice<UInt8>) throws(ArchiveError) -> Int64 {
    guard let number = decimal(value) else { throw bad }
    return number
  }

  static func decimal(_ digits: ArraySlice<UInt8>) -> Int64? {
    guard !digits.isEmpty, digits.count <= 18 else { return nil }
    var value: Int64 = 0
    for digit in digits {
      guard (0x30...0x39).contains(digit) else { return nil }
      value = value * 10 + Int64(digit - 0x30)
    }
    return value
  }

  /// Seconds with an optional sign and fraction, in nanoseconds.
  private static func time(_ value: ArraySlice<UInt8>) throws(ArchiveError) -> Int64 {
    let negative = value.first == 0x2D
    let parts = value.dropFirst(negative ? 1 : 0).split(
      separator: 0x2E, maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = decimal(parts[0]), whole < 1 << 33 else { throw bad }
    var nanoseconds: Int64 = 0
    if parts.count == 2 {
      guard parts[1].allSatisfy({ (0x30...0x39).contains($0) }) else { throw bad }
      let digits = Array(parts[1].prefix(9))
      for digit in digits + Array(repeating: 0x30, count: 9 - digits.count) {
        nanoseconds = nanoseconds * 10 + Int64(digit - 0x30)
      }
    }
    let total = whole * 1_000_000_000 + nanoseconds
    return negative ? -total : total
  }
}
