import Diagnostics
import ImageStore
import LayerStorage
import LinuxSystem
public import Model

/// `image mount`: an image's files to look at, without a container.
///
/// What is mounted is asked of the kernel alone, so nothing can be out of step with it.
public struct MountImages {
  public struct Mounted: Sendable {
    public var image: ImageSummary
    public var path: String
  }

  private let context: EngineContext
  private let store: ImageStore
  private var directory: String { "\(context.dataRoot)/mounts" }

  public init(_ context: EngineContext) {
    self.context = context
    store = context.imageStore
  }

  /// Mounts an image read-only, once; where.
  ///
  /// - Throws: when this process is not root of the user namespace, whose mounts would be of use
  ///   to nobody but itself.
  public func mount(_ text: String) throws -> String {
    guard context.uid == 0 else {
      throw CalledName.current.refusal(
        of: "image mount", hint: "martlet unshare, and then: martlet image mount \(text)")
    }
    let image = try load(text)
    let path = "\(directory)/\(image.id.hex)"
    if try points().contains(path) { return path }
    try ImageLayers(context).ensure(image)
    try FileTree.ensureDirectory(path)
    if try StorageChoice(context).asked() == .vfs { return try mountCopy(of: image, at: path) }
    do throws(StorageError) {
      try ImageView(
        layersRoot: store.layers.root, layers: image.layers.map { store.layers.mountName($0) }
      ).mount(at: path)
    } catch {
      guard case .system = error else { throw error }
      context.log.debug("no overlay for an image", ["reason": error.report.message])
      return try mountCopy(of: image, at: path)
    }
    return path
  }

  /// Where layers cannot be stacked: a whole copy that is made once and goes with the image.
  private func mountCopy(of image: StoredImage, at path: String) throws -> String {
    let copy = try MappedLayer(context).ensureCopy(image)
    let tree = try MountCall.readOnlyCopy(of: copy)
    try MountCall.move(tree.raw, to: path)
    return path
  }

  /// All images that are mounted for this process.
  public func list() throws -> [Mounted] {
    let points = try points()
    return try ListImages(context).run().compactMap { image in
      let path = "\(directory)/\(image.id.hex)"
      return points.contains(path) ? Mounted(image: image, path: path) : nil
    }
  }

  /// Takes an image's mount away.
  ///
  /// - Returns: the image's id.
  /// - Throws: when it is not mounted, unless `force`.
  @discardableResult
  public func unmount(_ text: String, force: Bool) throws -> Digest {
    let image = try load(text)
    let path = "\(directory)/\(image.id.hex)"
    guard try points().contains(path) else {
      if force { return image.id }
      throw ErrorReport(.conflict, "image \(text) is not mounted")
    }
    try MountCall.detach(path)
    // In use elsewhere it stays; nothing is in it.
    try? FileTree.removeDirectory(path)
    return image.id
  }

  private func load(_ text: String) throws -> StoredImage {
    guard let image = try store.find(ResolveImage.withoutTransport(text)) else {
      throw ErrorReport(.notFound, "\(text): image not known")
    }
    return image
  }

  /// Mount points of this process below our directory.
  private func points() throws -> Set<String> {
    Set(try MountEntry.list().map(\.place).filter { $0.hasPrefix("\(directory)/") })
  }
}
