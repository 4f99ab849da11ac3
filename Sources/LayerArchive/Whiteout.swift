public import LinuxSystem

/// What a layer's entry says about the layers below it (image-spec layer.md, "Whiteouts").
enum Whiteout {
  /// The named sibling is gone.
  case removed(RawPath)
  /// Nothing below shows through this directory.
  case opaque
  /// Bookkeeping of the old AUFS driver.
  case ignored

  private static let prefix = Array(".wh.".utf8)

  /// Nil for an ordinary entry.
  init?(_ name: RawPath, entry: RawPath) throws(ArchiveError) {
    guard name.bytes.starts(with: Self.prefix) else { return nil }
    if name.bytes.elementsEqual(".wh..wh..opq".utf8) {
      self = .opaque
      return
    }
    let target = name.bytes.dropFirst(Self.prefix.count)
    if target.starts(with: Self.prefix) {
      self = .ignored
      return
    }
    guard target != [0x2E], target != [0x2E, 0x2E], let target = RawPath(target) else {
      throw .escapes(entry: entry.text, reason: "would delete a directory it is in")
    }
    self = .removed(target)
  }
}

/// How overlayfs marks, in a layer's own directory, what hides the layers below it; with the mount
/// option userxattr, as an unprivileged mount needs (Documentation/filesystems/overlayfs.rst).
public enum OverlayMark {
  /// Set to `y` on a directory through which nothing shows.
  public static let opaque = "user.overlay.opaque"

  /// The absolute path, in a data-only layer, of the contents of a file.
  public static let redirect = "user.overlay.redirect"

  /// Set on a file whose contents are in another layer.
  public static let metadataOnly = "user.overlay.metacopy"

  /// Whether the file is a whiteout: a character device 0:0.
  public static func isWhiteout(_ status: FileStatus) -> Bool {
    status.kind == .characterDevice && status.deviceNumber == (0, 0)
  }
}
