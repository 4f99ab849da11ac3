import Diagnostics
import ImageStore
import LayerStorage
import LinuxSystem
import Model
import OCISpec
import StateStore

/// Puts a container's root together; for a process inside the user namespace with mounts of its own.
struct ContainerRoot {
  let context: EngineContext
  let config: ContainerConfig

  /// Mounts the image's layers with the container's own files above, at `place` or where monitors do.
  ///
  /// - Returns: the root's path.
  func mount(volatile: Bool, at place: String? = nil) throws -> String {
    if let given = config.rootfs {
      return config.keepsRootfs ? try overlay(layers: [given], below: "/", volatile, place) : given
    }
    guard let image = config.image else {
      throw ErrorReport(.bug, "container \(config.id) has neither an image nor a root filesystem")
    }
    if config.isWholeCopy { return try wholeCopy(at: place) }
    // What every container gets mounted over has a place below the image already: making it in each
    // container's own layer costs more than all the mounts. A remapped image has other owners.
    let below = try PlaceholderLayer(context.directories.data + "/layers").ensure()
    let store = context.imageStore.layers
    let chains = image.layers.compactMap { Digest(algorithm: .sha256, hex: $0) }
    let names = chains.map(store.mountName)
    let layers = image.mapped.map { [$0] } ?? [below] + names
    let contents = image.mapped.map(ReferringLayer.isOne) == true ? names : []
    return try overlay(
      layers: layers, contents: contents, below: "\(context.directories.data)/layers", volatile,
      place)
  }

  /// The container's own copy of the image, as a mount of its own as the others have.
  private func wholeCopy(at place: String?) throws -> String {
    let target = place ?? ContainerStore(context).mountPoint
    try FileTree.ensureDirectory(target, mode: 0o755)
    let source = try WholeCopy(context, config).path()
    try MountCall.bind(source, at: target)
    context.log.debug("root mounted", ["driver": StorageDriver.vfs.rawValue, "path": target])
    return target
  }

  private func overlay(
    layers: [String], contents: [String] = [], below root: String, _ volatile: Bool,
    _ place: String?
  ) throws -> String {
    let store = ContainerStore(context)
    let directory = store.directory(config.id)
    let rootfs = ContainerRootfs(
      layersRoot: root, layers: layers, contents: contents, upper: "\(directory)/upper",
      work: "\(directory)/work", merged: place ?? store.mountPoint)
    try FileTree.ensureDirectory(rootfs.merged, mode: 0o755)
    let preferred = context.storageDriver ?? config.storage.flatMap(StorageDriver.init(rawValue:))
    let driver: StorageDriver
    do throws(StorageError) {
      driver = try rootfs.mount(volatile: volatile, preferred: preferred)
    } catch {
      // What was found to work once does so no longer.
      StorageChoice(context).forget()
      throw missing(error)
    }
    context.log.debug("root mounted", ["driver": driver.rawValue, "path": rootfs.merged])
    return rootfs.merged
  }

  /// A layer may be missing because the store that it is borrowed from is.
  private func missing(_ error: StorageError) -> any Error {
    guard case .layerMissing = error, let stores = try? context.additionalStores(),
      let warning = stores.lazy.compactMap(\.warning).first
    else { return error }
    return ErrorReport(
      .unavailable, "\(error.report.message), and \(warning.message)", hint: warning.hint)
  }

  /// Mounts the container's volumes and host directories in a root that no process runs in, so that
  /// its paths lead where they will lead when it runs.
  func mountVolumes(at path: String) throws {
    let root = try RootDirectory(path)
    let depth = { (mount: ContainerMount) in mount.destination.split(separator: "/").count }
    // An overlay's files go when the container ends: there is nothing to reach yet.
    let wanted = config.mounts.filter {
      ($0.kind == .bind || $0.kind == .volume) && !$0.options.contains("O") && $0.subpath == nil
    }
    for mount in wanted.sorted(by: { depth($0) < depth($1) }) {
      var source = mount.source
      if mount.kind == .volume {
        source = try VolumeDirectory(context: context, name: mount.source).prepare(
          copyingUp: mount.options.contains("nocopy") ? nil : mount.destination, from: root)
      }
      // A host directory that is missing now is an error when the container starts, not here.
      guard let status = try FileStatus.find(source, follow: true) else { continue }
      let tree = try MountCall.copyTree(source, recursive: true)
      let target: OwnedDescriptor
      if status.kind == .directory {
        target = try root.ensureDirectory(mount.destination)
      } else {
        guard let there = try? root.open(mount.destination, [.path]) else { continue }
        target = there
      }
      try MountCall.attach(tree.raw, to: target.raw, subject: mount.destination)
    }
  }
}
