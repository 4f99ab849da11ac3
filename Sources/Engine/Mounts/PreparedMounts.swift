import ImageStore
import LayerStorage
import LinuxSystem
import Model
import OCISpec
import StateStore
import UserNamespaces

/// What has to be done in the container's user namespace before the runtime can mount what was asked
/// for: volumes filled, overlays and images put together, subpaths found, owners changed.
struct PreparedMounts {
  let context: EngineContext
  let config: ContainerConfig
  /// Who the container's process is, in our ids.
  let owner: (uid: UInt32, gid: UInt32)
  /// Who owns new volumes; nil: the caller, who is somebody in the container.
  var volumeOwner: (uid: UInt32, gid: UInt32)?

  /// Places for mounts that the runtime binds from; every monitor has its own there.
  private var places: String { "\(context.runtimeRoot)/mounts" }
  private var directory: String { ContainerStore(context).directory(config.id) }

  /// The host's path for each destination that has one.
  func make(_ root: borrowing RootDirectory) throws -> [String: String] {
    var paths: [String: String] = [:]
    // Files of the last run are not wanted again.
    if config.mounts.contains(where: { $0.options.contains("O") || $0.kind == .image }) {
      try FileTree.removeTree("\(directory)/overlays")
    }
    for (index, mount) in config.mounts.enumerated() {
      switch mount.kind {
      case .volume:
        let volume = VolumeDirectory(context: context, name: mount.source)
        let copies = !mount.options.contains("nocopy") && mount.subpath == nil
        paths[mount.destination] = try volume.prepare(
          copyingUp: copies ? mount.destination : nil, from: root, owner: volumeOwner)
      case .bind: paths[mount.destination] = mount.source
      case .image: paths[mount.destination] = try image(mount, index)
      default: continue
      }
      guard var path = paths[mount.destination] else { continue }
      if let subpath = mount.subpath { path = try find(subpath, in: path, index) }
      if mount.options.contains("O") { path = try overlay(path, mount, index) }
      // As podman has it, the owner of the top says whether it was done before.
      if mount.options.contains("U"), try !isOwned(path) {
        try TreeOwner.change(path, uid: owner.uid, gid: owner.gid)
      }
      paths[mount.destination] = path
    }
    return paths
  }

  private func isOwned(_ path: String) throws(SystemError) -> Bool {
    let status = try FileStatus.of(path, follow: true)
    return status.uid == owner.uid && status.gid == owner.gid
  }

  /// A place that is a directory, or an empty file.
  private func place(_ name: String, isDirectory: Bool) throws -> String {
    let path = "\(places)/\(name)"
    if isDirectory {
      try FileTree.ensureDirectory(path, mode: 0o755)
    } else {
      try FileTree.ensureDirectory(places, mode: 0o755)
      try FileTree.write(path, "", mode: 0o644)
    }
    return path
  }

  private func image(_ mount: ContainerMount, _ index: Int) throws -> String {
    let store = context.imageStore.layers
    let chains = mount.layers.compactMap { Digest(algorithm: .sha256, hex: $0) }
    if config.isWholeCopy, let top = chains.last {
      let path = store.mappedDiff(top, map: MappedLayer.whole)
      guard FileTree.exists(path) else {
        throw ErrorReport(
          .unavailable, "the files of image \(mount.source) are missing",
          hint: "remove the container and make it again")
      }
      return mount.options.contains("rw") ? try copy(path, index) : path
    }
    return try overlay(
      layers: chains.map(store.mountName), below: store.root, index, mount.options)
  }

  private func overlay(_ path: String, _ mount: ContainerMount, _ index: Int) throws -> String {
    let hasOwnDirectories = mount.options.contains { $0.contains("dir=") }
    if config.isWholeCopy, !hasOwnDirectories { return try copy(path, index) }
    do {
      return try overlay(layers: [path], below: "/", index, mount.options)
    } catch let error as StorageError where config.isWholeCopy {
      // The driver does without overlays, most often because there are none here.
      throw ErrorReport(
        .unavailable, "upperdir and workdir need an overlay: \(error.report.message)",
        hint: "leave them out, then the directory is copied")
    }
  }

  /// A copy whose changes go with the container, where there are no overlays.
  private func copy(_ path: String, _ index: Int) throws -> String {
    let target = "\(directory)/overlays/\(index)"
    try FileTree.ensureDirectory(target, mode: 0o755)
    try TreeCopy.copyUp(from: try RootDirectory(path), path: "/", to: target)
    return target
  }

  /// An overlay of `layers` whose changes go with the container, unless it names directories of its
  /// own for them.
  private func overlay(layers: [String], below root: String, _ index: Int, _ options: [String])
    throws -> String
  {
    func directory(_ word: String, _ name: String) throws -> String {
      if let own = options.first(where: { $0.hasPrefix("\(word)=") }) {
        return String(own.dropFirst(word.utf8.count + 1))
      }
      let path = "\(self.directory)/overlays/\(index)/\(name)"
      try FileTree.ensureDirectory(path, mode: 0o755)
      return path
    }
    let rootfs = ContainerRootfs(
      layersRoot: root, layers: layers, upper: try directory("upperdir", "upper"),
      work: try directory("workdir", "work"),
      merged: try place("overlay-\(index)", isDirectory: true))
    // The upper directory is what a process inside sees as the top.
    let lower = try FileStatus.of(
      layers[0].hasPrefix("/") ? layers[0] : "\(root)/\(layers[0])", follow: true)
    try FileTree.setMode(rootfs.upper, lower.permissions)
    // A directory of somebody else's stays somebody else's, as far as ids have a meaning here.
    try? FileTree.setOwner(rootfs.upper, uid: lower.uid, gid: lower.gid)
    try rootfs.mount(volatile: false, preferred: context.storageDriver)
    return rootfs.merged
  }

  /// Finds a path inside a tree that other containers may be changing, and holds what was found by a
  /// mount: a link that is swapped later leads nowhere else.
  private func find(_ subpath: String, in path: String, _ index: Int) throws -> String {
    let root = try RootDirectory(path)
    let found: OwnedDescriptor
    do throws(SystemError) { found = try root.open(subpath, [.path]) } catch {
      throw ErrorReport(.notFound, "subpath \(subpath) of \(path): \(error.reason)")
    }
    let kind = try FileStatus.of(descriptor: found.raw).kind
    guard kind == .directory || kind == .regular else {
      throw ErrorReport(
        .invalidRequest, "subpath \(subpath) of \(path) is neither a directory nor a file")
    }
    let target = try place("subpath-\(index)-\(kind)", isDirectory: kind == .directory)
    let tree = try MountCall.copyTree("", in: found.raw, recursive: true, subject: subpath)
    try MountCall.move(tree.raw, to: target)
    return target
  }
}

/// Changes who owns a whole tree (`U`).
enum TreeOwner {
  static func change(_ path: String, uid: UInt32, gid: UInt32) throws {
    let slash = path.lastIndex(of: "/") ?? path.startIndex
    let parent = try DirectoryHandle(
      owning: OwnedDescriptor.open(
        slash == path.startIndex ? "/" : String(path[..<slash]), [.directory]))
    guard let name = RawPath(String(path[slash...].dropFirst())) else {
      throw ErrorReport(.invalidRequest, "the owner of \(path) cannot be changed")
    }
    do throws(SystemError) { try change(name, in: parent, uid, gid) } catch {
      throw ErrorReport(
        .notPermitted, "cannot give \(path) to the container's user: \(error)",
        hint: error.errno == Errno.notPermitted || error.errno == Errno.invalid
          ? "every file there must belong to you" : nil)
    }
  }

  private static func change(
    _ name: RawPath, in directory: borrowing DirectoryHandle, _ uid: UInt32, _ gid: UInt32
  ) throws(SystemError) {
    guard let status = try directory.find(name) else { return }
    if status.uid != uid || status.gid != gid {
      try directory.setOwner(name, uid: uid, gid: gid)
      // chown(2) takes set-id bits away.
      if status.kind == .regular, status.permissions & 0o6000 != 0 {
        try directory.setMode(name, status.permissions)
      }
    }
    guard status.kind == .directory else { return }
    let inner = try directory.openDirectory(name, crossesMounts: true)
    for entry in try inner.names() { try change(entry, in: inner, uid, gid) }
  }
}
