public import LinuxSystem
public import Model

/// Why a container's root could not be put together.
public enum StorageError: ReportableError {
  case system(SystemError)
  case layerMissing(String)
  /// Neither overlay mounts nor fuse-overlayfs work here.
  case noDriver(overlay: SystemError, fuse: String)
  case fuseFailed(String)

  public var report: ErrorReport {
    switch self {
    case .system(let error): ErrorReport(.unavailable, "container storage: \(error)")
    case .layerMissing(let layer):
      ErrorReport(
        .unavailable, "layer \(layer.prefix(12)) of the image is missing from the store",
        hint: "pull or load the image again")
    case .noDriver(let overlay, let fuse):
      ErrorReport(
        .unavailable, "no storage driver works here: overlay says \(overlay); \(fuse)",
        hint: "sudo apt-get install fuse-overlayfs, or make containers with --storage-driver vfs")
    case .fuseFailed(let text):
      ErrorReport(.unavailable, "fuse-overlayfs failed: \(text)")
    }
  }
}

/// How layers become one tree.
public enum StorageDriver: String, Sendable, CaseIterable {
  case overlay
  case fuseOverlay = "fuse-overlayfs"
  /// Every container has a whole copy of its image's files.
  case vfs

  /// Whether containers are layers upon those of their images.
  public var stacksLayers: Bool { self != .vfs }
}

/// A container's root.
///
/// The image's layers below, the container's own files above. To be mounted by a process inside the
/// user namespace, in its private mount namespace; the mount ends with it.
public struct ContainerRootfs: Sendable {
  /// The directory of all layers; short names of layers are below it.
  public let layersRoot: String
  /// Directories relative to `layersRoot` (or absolute), lowest first.
  public let layers: [String]
  /// Layers that only hold the contents of files that `layers` refers to, lowest first.
  public let contents: [String]
  public let upper: String
  public let work: String
  public let merged: String

  public init(
    layersRoot: String, layers: [String], contents: [String] = [], upper: String, work: String,
    merged: String
  ) {
    self.layersRoot = layersRoot
    self.layers = layers
    self.contents = contents
    self.upper = upper
    self.work = work
    self.merged = merged
  }

  /// Mounts the tree at `merged`, with the first driver that works.
  ///
  /// `volatile`: skip syncing (for containers that go away when they end).
  /// `preferred`: tried alone when given, where it is one that stacks layers.
  @discardableResult
  public func mount(volatile: Bool, preferred: StorageDriver? = nil) throws(StorageError)
    -> StorageDriver
  {
    // Layers are named relative to their root: option strings are limited to a page (mount(2)).
    do throws(SystemError) { try CurrentProcess.changeDirectory(layersRoot) } catch {
      throw .system(error)
    }
    for layer in layers + contents where !FileTree.exists(layer) { throw .layerMissing(layer) }
    let failure: SystemError
    do throws(SystemError) {
      guard preferred == .fuseOverlay else {
        try mountOverlay(volatile: volatile)
        return .overlay
      }
      failure = SystemError("mount overlay", merged, errno: Errno.notPermitted)
    } catch { failure = error }
    // Any other driver would show files that refer to contents as holes.
    if preferred == .overlay || !contents.isEmpty { throw .system(failure) }
    guard let fuse = Program.find("fuse-overlayfs", in: Program.systemDirectories) else {
      throw .noDriver(overlay: failure, fuse: "fuse-overlayfs is not installed")
    }
    let output: Program.Output
    do throws(SystemError) {
      output = try Program(fuse, ["-o", options.joined(separator: ","), merged]).run()
    } catch { throw .system(error) }
    guard output.end == .exited(0) else { throw .fuseFailed(output.errors) }
    return .fuseOverlay
  }

  private func mountOverlay(volatile: Bool) throws(SystemError) {
    var all = options + ["userxattr"]
    if volatile { all.append("volatile") }
    try MountCall.mount("overlay", from: "overlay", at: merged, options: all.joined(separator: ","))
  }

  private var options: [String] {
    // The topmost layer comes first (overlayfs documentation of the kernel).
    var lower = layers.reversed().map(Self.escaped).joined(separator: ":")
    // Two colons: data-only layers, whose names show nowhere (Linux 6.16 with userxattr).
    for layer in contents.reversed() { lower += "::" + Self.escaped(layer) }
    return [
      "lowerdir=\(lower)", "upperdir=\(Self.escaped(upper))", "workdir=\(Self.escaped(work))",
    ]
  }

  /// Colons, commas and backslashes in a path, as overlay's option parser wants them.
  private static func escaped(_ path: String) -> String {
    guard path.contains(where: { $0 == ":" || $0 == "," || $0 == "\\" }) else { return path }
    return path.reduce(into: "") { text, character in
      if character == ":" || character == "," || character == "\\" { text += "\\" }
      text.append(character)
    }
  }
}
