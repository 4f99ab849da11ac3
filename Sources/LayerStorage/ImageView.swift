import LinuxSystem

/// An image's files as one read-only tree, for somebody who wants to look at them.
public struct ImageView: Sendable {
  public let layersRoot: String
  /// Directories relative to `layersRoot` (or absolute), lowest first.
  public let layers: [String]

  public init(layersRoot: String, layers: [String]) {
    self.layersRoot = layersRoot
    self.layers = layers
  }

  /// Mounts the tree at `path`, in this process's own mount namespace.
  ///
  /// The working directory is another afterwards.
  public func mount(at path: String) throws(StorageError) {
    do throws(SystemError) {
      try CurrentProcess.changeDirectory(layersRoot)
      // Without an upper directory overlay wants two below (overlayfs documentation).
      try FileTree.ensureDirectory("empty", mode: 0o755)
      for layer in layers where !FileTree.exists(layer) {
        throw SystemError("open", layer, errno: Errno.noEntry)
      }
      let lower = (layers.reversed() + ["empty"]).joined(separator: ":")
      try MountCall.mount(
        "overlay", from: "overlay", at: path, options: "ro,userxattr,lowerdir=\(lower)")
    } catch {
      if error.call == "open" { throw .layerMissing(error.subject) }
      throw .system(error)
    }
  }
}
