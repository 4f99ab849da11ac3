import LinuxSystem

/// Compares an unpacked layer with one that was unpacked from the same archive right now.
///
/// Looked at are names, kinds, contents, link targets, permissions, owners, which names are one
/// file, and what hides the layers below.
public struct TreeComparison {
  public struct Difference: Equatable, Sendable {
    /// Relative to the layer.
    public var path: String
    public var reason: String
  }

  private let limit: Int
  private var found: [Difference] = []
  /// The inode in the tree under test of each file with several names in the good one.
  private var links: [UInt64: UInt64] = [:]

  /// - Returns: at most `limit` differences, in the order of the directories.
  public static func run(
    _ tested: String, against good: String, limit: Int = 100
  ) throws(ArchiveError) -> [Difference] {
    var comparison = TreeComparison(limit: limit)
    let a = try handle(tested)
    let b = try handle(good)
    try comparison.compareEntries(a, b, nil)
    return comparison.found
  }

  private init(limit: Int) { self.limit = limit }

  private static func handle(_ path: String) throws(ArchiveError) -> DirectoryHandle {
    try kernel { () throws(SystemError) in try DirectoryHandle(path) }
  }

  private mutating func tell(_ path: RawPath?, _ reason: String) {
    if found.count < limit { found.append(Difference(path: path?.text ?? ".", reason: reason)) }
  }

  private mutating func compareEntries(
    _ tested: borrowing DirectoryHandle, _ good: borrowing DirectoryHandle, _ path: RawPath?
  ) throws(ArchiveError) {
    let names = try kernel { () throws(SystemError) in try good.names() }
    let present = Set(try kernel { () throws(SystemError) in try tested.names() })
    for name in names where found.count < limit {
      let whole = path.map { $0.appending(name) } ?? name
      guard present.contains(name) else {
        tell(whole, "is missing")
        continue
      }
      try compare(name, tested, good, whole)
    }
    for name in present.subtracting(names) {
      tell(path.map { $0.appending(name) } ?? name, "does not belong there")
    }
  }

  private mutating func compare(
    _ name: RawPath, _ tested: borrowing DirectoryHandle, _ good: borrowing DirectoryHandle,
    _ whole: RawPath
  ) throws(ArchiveError) {
    let (a, b) = try at(whole) { () throws(SystemError) in
      (try tested.find(name), try good.find(name))
    }
    guard let a, let b else { return }
    guard a.kind == b.kind, a.deviceNumber == b.deviceNumber else {
      return tell(whole, "is of another kind")
    }
    if (a.uid, a.gid) != (b.uid, b.gid) { tell(whole, "has another owner") }
    if a.permissions != b.permissions, a.kind != .symbolicLink {
      tell(whole, "has other permissions")
    }
    if b.links > 1, b.kind != .directory {
      if let first = links[b.inode] {
        if first != a.inode { tell(whole, "is no longer the same file as its other name") }
        return
      }
      links[b.inode] = a.inode
    }
    switch b.kind {
    case .directory: try compareDirectories(name, tested, good, whole)
    case .regular: try compareFiles(name, tested, good, whole, sizes: (a.size, b.size))
    case .symbolicLink:
      let isSame = try at(whole) { () throws(SystemError) in
        try tested.linkTarget(name) == good.linkTarget(name)
      }
      if !isSame { tell(whole, "links elsewhere") }
    default: break
    }
  }

  private mutating func compareDirectories(
    _ name: RawPath, _ tested: borrowing DirectoryHandle, _ good: borrowing DirectoryHandle,
    _ whole: RawPath
  ) throws(ArchiveError) {
    let isSame = try at(whole) { () throws(SystemError) in
      try ExtendedAttributes.find(OverlayMark.opaque, of: name, in: tested.descriptor.raw)
        == ExtendedAttributes.find(OverlayMark.opaque, of: name, in: good.descriptor.raw)
    }
    if !isSame { tell(whole, "hides other layers differently") }
    let a = try at(whole) { () throws(SystemError) in try tested.openDirectory(name) }
    let b = try at(whole) { () throws(SystemError) in try good.openDirectory(name) }
    try compareEntries(a, b, whole)
  }

  private mutating func compareFiles(
    _ name: RawPath, _ tested: borrowing DirectoryHandle, _ good: borrowing DirectoryHandle,
    _ whole: RawPath, sizes: (Int64, Int64)
  ) throws(ArchiveError) {
    guard sizes.0 == sizes.1 else { return tell(whole, "has another size") }
    if sizes.0 == 0 { return }
    do throws(SystemError) {
      let a = try tested.open(name)
      let b = try good.open(name)
      while true {
        let piece = try Self.read(a.raw)
        if try piece != Self.read(b.raw) { return tell(whole, "has other contents") }
        if piece.isEmpty { return }
      }
    } catch {
      tell(whole, "cannot be read (\(error.reason))")
    }
  }

  /// A whole piece, shorter only at the end of the file.
  private static func read(_ fd: Int32) throws(SystemError) -> [UInt8] {
    let size = 1 << 18
    var bytes = try Descriptor.read(fd, upTo: size)
    while !bytes.isEmpty, bytes.count < size {
      let more = try Descriptor.read(fd, upTo: size - bytes.count)
      if more.isEmpty { break }
      bytes += more
    }
    return bytes
  }
}
