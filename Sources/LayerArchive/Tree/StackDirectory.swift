public import LinuxSystem

/// One directory of image layers as the overlay filesystem shows it: what all layers have there, less
/// what a higher one hides.
public final class StackDirectory {
  private final class Part {
    let handle: DirectoryHandle
    init(_ handle: consuming DirectoryHandle) { self.handle = handle }
  }

  /// An entry, and which of the layers that have this directory shows it.
  public struct Entry: Sendable {
    public let status: FileStatus
    fileprivate let part: Int
  }

  /// Topmost first.
  private let parts: [Part]

  private init(parts: [Part]) { self.parts = parts }

  /// The root of the layers in `directories`, lowest first.
  public convenience init(_ directories: [String]) throws(ArchiveError) {
    var parts: [Part] = []
    for directory in directories.reversed() {
      parts.append(Part(try kernel { () throws(SystemError) in try DirectoryHandle(directory) }))
    }
    self.init(parts: parts)
  }

  /// A directory that no layer has.
  public static var none: StackDirectory { StackDirectory(parts: []) }

  /// Everything in it, by name.
  public func entries() throws(ArchiveError) -> [RawPath: Entry] {
    var hidden: Set<RawPath> = []
    var entries: [RawPath: Entry] = [:]
    for (index, part) in parts.enumerated() {
      for name in try kernel({ () throws(SystemError) in try part.handle.names() })
      where entries[name] == nil && !hidden.contains(name) {
        guard let status = try at(name, { () throws(SystemError) in try part.handle.find(name) })
        else { continue }
        if OverlayMark.isWhiteout(status) {
          hidden.insert(name)
        } else {
          entries[name] = Entry(status: status, part: index)
        }
      }
    }
    return entries
  }

  /// The directory `name` in it.
  public func directory(_ name: RawPath) throws(ArchiveError) -> StackDirectory {
    var found: [Part] = []
    try at(name) { () throws(SystemError) in
      for part in parts {
        guard let status = try part.handle.find(name) else { continue }
        guard status.kind == .directory else { return }
        let inner = Part(try part.handle.openDirectory(name))
        found.append(inner)
        let opaque = try ExtendedAttributes.find(
          OverlayMark.opaque, of: .current, in: inner.handle.descriptor.raw)
        if opaque != nil { return }
      }
    }
    return StackDirectory(parts: found)
  }

  /// Opens a regular file to read it.
  public func open(_ name: RawPath, _ entry: Entry) throws(ArchiveError) -> OwnedDescriptor {
    try at(name) { () throws(SystemError) in try parts[entry.part].handle.open(name, .noFollow) }
  }

  public func linkTarget(_ name: RawPath, _ entry: Entry) throws(ArchiveError) -> RawPath {
    try at(name) { () throws(SystemError) in try parts[entry.part].handle.linkTarget(name) }
  }

  /// The extended attributes that a container may set.
  public func attributes(_ name: RawPath, _ entry: Entry) throws(ArchiveError)
    -> [String: [UInt8]]
  {
    try Self.attributes(name, in: parts[entry.part].handle)
  }

  static func attributes(_ name: RawPath, in directory: borrowing DirectoryHandle)
    throws(ArchiveError) -> [String: [UInt8]]
  {
    let raw = directory.descriptor.raw
    return try at(name) { () throws(SystemError) in
      var found: [String: [UInt8]] = [:]
      for attribute in try ExtendedAttributes.list(of: name, in: raw)
      where LayerUnpacker.isWelcome(attribute) {
        found[attribute] = try ExtendedAttributes.find(attribute, of: name, in: raw)
      }
      return found
    }
  }
}
