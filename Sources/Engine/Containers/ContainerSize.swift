import ImageStore
import LinuxSystem
import Model
import UserNamespaces

/// How much disk space a container's files take.
public struct ContainerSize {
  private let context: EngineContext

  public init(_ context: EngineContext) { self.context = context }

  /// Bytes of the files that the container has written itself.
  ///
  /// Directories that only its users may read are measured from inside the user namespace.
  public func written(_ id: String) -> Int64 {
    let path = "\(context.containers)/\(id)/upper"
    if FileTree.exists("\(context.containers)/\(id)/\(WholeCopy.files)") { return changed(id) }
    var size: Int64 = 0
    if Self.measure(path, &size) { return size }
    return measureInside(path) ?? size
  }

  /// What differs in a container that has a whole copy of its image.
  private func changed(_ id: String) -> Int64 {
    guard let config = try? ContainerStore(context).load(id),
      let tree = try? LayeredTrees(context: context).container(config),
      let result = try? HelperClient(context).run(.listChanges(tree))
    else { return 0 }
    return result.changedBytes ?? 0
  }

  /// Bytes of the image below, or nil when it is gone.
  public func image(_ summary: ContainerSummary) -> Int64? {
    image(id: summary.imageID)
  }

  public func image(id hex: String?) -> Int64? {
    guard let hex, let id = Digest(algorithm: .sha256, hex: hex) else {
      return nil
    }
    return (try? context.imageStore.find(id: id))?.size
  }

  private func measureInside(_ path: String) -> Int64? {
    guard let namespace = try? context.userNamespace(), let pipe = try? OwnedDescriptor.pipe(),
      let child = try? namespace.spawn({
        var size: Int64 = 0
        _ = Self.measure(path, &size)
        try? Descriptor.writeAll(pipe.writeEnd.raw, "\(size)\n")
        return 0
      }), (try? child.wait()) == .exited(0),
      let text = try? Descriptor.read(pipe.readEnd.raw, upTo: 64)
    else { return nil }
    return Int64(String(decoding: text, as: UTF8.self).prefix { $0.isNumber })
  }

  /// Adds up regular files; false when something could not be read.
  private static func measure(_ path: String, _ size: inout Int64) -> Bool {
    guard let directory = try? DirectoryHandle(path) else { return false }
    return measure(directory, &size, depth: 0)
  }

  private static func measure(
    _ directory: borrowing DirectoryHandle, _ size: inout Int64, depth: Int
  ) -> Bool {
    guard depth < 4_096, let names = try? directory.names() else { return false }
    var isWhole = true
    for name in names {
      // What vanishes meanwhile takes no space.
      guard let found = try? directory.find(name) else { continue }
      switch found.kind {
      case .regular: size += Int64(found.size)
      case .directory:
        guard let inner = try? directory.openDirectory(name) else {
          isWhole = false
          continue
        }
        if !measure(inner, &size, depth: depth + 1) { isWhole = false }
      default: break
      }
    }
    return isWhole
  }
}
