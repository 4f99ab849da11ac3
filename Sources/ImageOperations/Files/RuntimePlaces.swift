import ImageStore
import LayerArchive
import LinuxSystem

/// Tells what the user of a container did from what the runtime made in its root: directories and
/// empty files to mount on.
struct RuntimePlaces {
  private let points: Set<String>

  /// What every container has mounted.
  private static let standard: Set<String> = [
    "/dev", "/proc", "/sys", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf",
    "/run/.containerenv", "/run/.martlet-init", "/run/secrets",
  ]
  /// What the runtime changes by putting something in it.
  private static let parents: Set<String> = ["/run"]

  init(_ tree: LayeredTree) { points = Self.standard.union(tree.mountPoints) }

  /// Whether the path, which no layer below has, is only there to be mounted on.
  func isPoint(_ path: String, _ status: FileStatus, in upper: borrowing DirectoryHandle)
    throws(SystemError) -> Bool
  {
    guard points.contains(path) else { return false }
    switch status.kind {
    case .regular: return status.size == 0
    case .directory:
      guard let raw = RawPath(path.dropFirst().utf8) else { return false }
      return try upper.openDirectory(raw).names().isEmpty
    default: return false
    }
  }

  /// Whether the directory, which a layer below has, counts as changed only for what is put in it.
  func isParent(_ path: String) -> Bool { Self.parents.contains(path) || points.contains(path) }
}
