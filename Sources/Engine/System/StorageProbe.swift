import LayerStorage
import LinuxSystem
import StateStore
import UserNamespaces

/// Finds out which storage driver works where the containers are, by mounting with it.
struct StorageProbe {
  let context: EngineContext

  /// The first that works: overlay, fuse-overlayfs, and copies where neither does.
  ///
  /// `preferred` is tried alone. Nil when it does not work, or when nothing can be written there.
  func run(_ preferred: StorageDriver? = nil) -> StorageDriver? {
    // In the trash, where the next removal sweeps what a killed command leaves.
    guard let name = try? RandomName.make() else { return nil }
    let root = "\(context.trash)/probe-\(name)"
    defer { _ = try? FileTree.removeTree(root) }
    for part in ["lower", "upper", "work", "merged"] {
      guard (try? FileTree.ensureDirectory("\(root)/\(part)", mode: 0o755)) != nil else {
        return nil
      }
    }
    let rootfs = ContainerRootfs(
      layersRoot: root, layers: ["lower"], upper: "\(root)/upper", work: "\(root)/work",
      merged: "\(root)/merged")
    if preferred == .vfs { return .vfs }
    // The mount ends with the process that made it; its end tells which it was.
    let end = try? context.userNamespace().spawn {
      guard let driver = try? rootfs.mount(volatile: true, preferred: preferred) else { return 1 }
      _ = try? MountCall.detach(rootfs.merged)
      return driver == .overlay ? 2 : 3
    }.wait()
    // The kernel's own files in the work directory belong to the namespace's root, which is us.
    switch end {
    case .exited(2): return .overlay
    case .exited(3): return .fuseOverlay
    case .exited(1) where preferred == nil: return .vfs
    default: return nil
    }
  }
}
