public import LinuxSystem

/// Image layers as the overlay filesystem shows them: what each hides of those below counts.
public final class LayerStack {
  private final class Layer {
    let root: DirectoryHandle
    init(_ root: consuming DirectoryHandle) { self.root = root }
  }

  /// Topmost first.
  private let layers: [Layer]

  /// `directories`: lowest first.
  public init(_ directories: [String]) throws(ArchiveError) {
    var layers: [Layer] = []
    for directory in directories.reversed() {
      layers.append(
        Layer(try kernel { () throws(SystemError) in try DirectoryHandle(directory) }))
    }
    self.layers = layers
  }

  private enum Answer {
    case found(FileStatus)
    /// Nothing here, and the layers below count or do not.
    case absent(isOpaque: Bool)
  }

  /// What the layers show at `path`, relative to their root; nil when nothing.
  public func find(_ path: RawPath) throws(ArchiveError) -> FileStatus? {
    let parts = path.bytes.split(separator: 0x2F).compactMap { RawPath($0) }
    for layer in layers {
      let answer = try at(path) { () throws(SystemError) in try Self.look(parts, in: layer.root) }
      switch answer {
      case .found(let status): return status
      case .absent(isOpaque: true): return nil
      case .absent(isOpaque: false): continue
      }
    }
    return nil
  }

  private static func look(_ parts: [RawPath], in root: borrowing DirectoryHandle)
    throws(SystemError) -> Answer
  {
    var directory = try root.openDirectory(.current)
    var isOpaque = false
    for (index, name) in parts.enumerated() {
      guard let status = try directory.find(name) else { return .absent(isOpaque: isOpaque) }
      if OverlayMark.isWhiteout(status) { return .absent(isOpaque: true) }
      if index == parts.count - 1 { return .found(status) }
      guard status.kind == .directory else { return .absent(isOpaque: true) }
      directory = try directory.openDirectory(name)
      if try ExtendedAttributes.find(
        OverlayMark.opaque, of: .current, in: directory.descriptor.raw) != nil
      {
        isOpaque = true
      }
    }
    return .absent(isOpaque: isOpaque)
  }
}
