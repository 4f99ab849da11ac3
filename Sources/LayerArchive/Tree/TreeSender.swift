public import LinuxSystem

/// Walks a directory and tells a sink of every entry, in the order of their names, so that equal
/// trees give equal archives.
///
/// No link is followed; what a process removes meanwhile is left out.
public final class TreeSender {
  public typealias Owner = (uid: UInt32, gid: UInt32)

  public struct Options {
    /// Each file's owner as the sink is to have it.
    public var owner: (Owner) throws(ArchiveError) -> Owner = { (owner) throws(ArchiveError) in
      owner
    }
    public var crossesMounts = false
    /// The directory is the upper one of an overlay: its marks become whiteouts.
    public var isOverlayUpper = false
    /// What is not to be sent, by its path in the archive, with all below it.
    public var leavesOut: (RawPath, FileStatus) -> Bool = { _, _ in false }
    public var attributes = true
    /// Whole paths that are gone from a directory, for which whiteouts are sent before its entries;
    /// asked with nil for the directory whose contents are sent.
    public var removed: (RawPath?) -> [RawPath] = { _ in [] }

    public init() {}
  }

  let sink: any EntrySink
  let options: Options
  /// First names of files with several.
  private var firstNames: [FileKey: RawPath] = [:]

  private struct FileKey: Hashable {
    let device: UInt64
    let inode: UInt64
  }

  public init(_ sink: any EntrySink, _ options: Options = Options()) {
    self.sink = sink
    self.options = options
  }

  /// Sends all that is in a directory, under `prefix`; the directory itself is not sent.
  public func sendContents(of directory: borrowing DirectoryHandle, under prefix: RawPath?)
    throws(ArchiveError)
  {
    for path in options.removed(prefix) { try sendWhiteout(path) }
    let names = try kernel { () throws(SystemError) in try directory.names() }
    for name in names.sorted(by: { $0.bytes.lexicographicallyPrecedes($1.bytes) }) {
      try send(name, in: directory, as: prefix.map { $0.appending(name) } ?? name, isNamed: false)
    }
  }

  /// Sends one entry of a directory, with all below it, as `path`.
  ///
  /// - Throws: also when nothing has the name.
  public func send(_ name: RawPath, in directory: borrowing DirectoryHandle, as path: RawPath)
    throws(ArchiveError)
  {
    try send(name, in: directory, as: path, isNamed: true)
  }

  /// `isNamed`: the user asked for it, so it must be there.
  private func send(
    _ name: RawPath, in directory: borrowing DirectoryHandle, as path: RawPath, isNamed: Bool
  ) throws(ArchiveError) {
    let found = try at(path) { () throws(SystemError) in try directory.find(name) }
    guard let status = found else {
      guard isNamed else { return }
      throw .entry(path.text, SystemError("stat", name.text, errno: Errno.noEntry))
    }
    if options.leavesOut(path, status) { return }
    if options.isOverlayUpper, OverlayMark.isWhiteout(status) {
      try sendWhiteout(path)
      return
    }
    do throws(ArchiveError) {
      try send(name, status, in: directory, as: path)
    } catch {
      // It went away since the directory was listed.
      if !isNamed, case .entry(path.text, let reason) = error, reason.errno == Errno.noEntry {
        return
      }
      throw error
    }
  }

  private func send(
    _ name: RawPath, _ status: FileStatus, in directory: borrowing DirectoryHandle,
    as path: RawPath
  ) throws(ArchiveError) {
    var entry = TarEntry(path, .file, permissions: status.permissions, modified: status.modified)
    (entry.uid, entry.gid) = try options.owner((status.uid, status.gid))
    if status.kind != .directory, status.links > 1, status.kind != .socket {
      let key = FileKey(device: status.device, inode: status.inode)
      if let first = firstNames[key] {
        entry.kind = .hardLink(to: first)
        try sendSimple(entry)
        return
      }
      firstNames[key] = path
    }
    switch status.kind {
    case .directory: try sendDirectory(name, in: directory, entry)
    case .regular: try sendFile(name, in: directory, entry)
    case .symbolicLink:
      entry.kind = .symbolicLink(
        to: try at(path) { () throws(SystemError) in try directory.linkTarget(name) })
      entry.permissions = 0o777
      try sendSimple(entry)
    case .fifo:
      entry.kind = .fifo
      try sendSimple(entry)
    case .characterDevice, .blockDevice:
      let (major, minor) = status.deviceNumber
      entry.kind =
        status.kind == .blockDevice
        ? .blockDevice(major: major, minor: minor) : .characterDevice(major: major, minor: minor)
      try sendSimple(entry)
    case .socket, .unknown: return
    }
  }

  private func sendSimple(_ entry: TarEntry) throws(ArchiveError) {
    try sink.begin(entry)
    try sink.end()
  }

  private func sendDirectory(
    _ name: RawPath, in directory: borrowing DirectoryHandle, _ template: TarEntry
  ) throws(ArchiveError) {
    var entry = template
    entry.kind = .directory
    let inner: DirectoryHandle
    do throws(SystemError) {
      inner = try directory.openDirectory(name, crossesMounts: options.crossesMounts)
    } catch {
      guard error.errno == Errno.crossDevice else { throw .entry(entry.path.text, error) }
      // A mount that is not to be entered: the place where it is.
      try sendSimple(entry)
      return
    }
    entry.attributes = try attributes(of: .current, in: inner, entry.path)
    try sendSimple(entry)
    if options.isOverlayUpper, try isOpaque(inner, entry.path) {
      try sendMark(entry.path.appending(Self.opaqueName))
    }
    try sendContents(of: inner, under: entry.path)
  }

  private func sendFile(
    _ name: RawPath, in directory: borrowing DirectoryHandle, _ template: TarEntry
  ) throws(ArchiveError) {
    var entry = template
    let file = try at(entry.path) { () throws(SystemError) in
      // Another file may have taken the name: one that blocks, such as a FIFO, must not block us.
      try directory.open(
        name, [.nonBlocking, .noFollow], crossesMounts: options.crossesMounts)
    }
    let status = try at(entry.path) { () throws(SystemError) in
      try FileStatus.of(descriptor: file.raw)
    }
    guard status.kind == .regular else {
      throw .entry(entry.path.text, SystemError("open", name.text, errno: Errno.noEntry))
    }
    entry.size = status.size
    entry.attributes = try attributes(of: name, in: directory, entry.path)
    try sink.begin(entry)
    if entry.size > 0 { try sink.copy(from: file.raw) }
    try sink.end()
  }

  private func attributes(
    of name: RawPath, in directory: borrowing DirectoryHandle, _ path: RawPath
  ) throws(ArchiveError) -> [(name: String, value: [UInt8])] {
    guard options.attributes else { return [] }
    return try at(path) { () throws(SystemError) in
      var found: [(name: String, value: [UInt8])] = []
      for attribute in try ExtendedAttributes.list(of: name, in: directory.descriptor.raw).sorted()
      where LayerUnpacker.isWelcome(attribute) {
        let value = try ExtendedAttributes.find(attribute, of: name, in: directory.descriptor.raw)
        if let value { found.append((attribute, value)) }
      }
      return found
    }
  }
}

extension TreeSender {
  private static let opaqueName: RawPath = {
    guard let name = RawPath(".wh..wh..opq") else { preconditionFailure("the name is not empty") }
    return name
  }()

  private func isOpaque(_ directory: borrowing DirectoryHandle, _ path: RawPath)
    throws(ArchiveError) -> Bool
  {
    try at(path) { () throws(SystemError) in
      try ExtendedAttributes.find(
        OverlayMark.opaque, of: .current, in: directory.descriptor.raw) != nil
    }
  }

  /// The file `.wh.NAME` beside the name that is gone (image-spec layer.md).
  private func sendWhiteout(_ path: RawPath) throws(ArchiveError) {
    let bytes = Array(path.bytes)
    let start = bytes.lastIndex(of: 0x2F).map { $0 + 1 } ?? 0
    guard let whiteout = RawPath(bytes[..<start] + Array(".wh.".utf8) + bytes[start...]) else {
      return
    }
    try sendMark(whiteout)
  }

  private func sendMark(_ path: RawPath) throws(ArchiveError) {
    // Nothing but the name counts; times would only make equal changes differ.
    try sendSimple(TarEntry(path, .file, permissions: 0))
  }
}
