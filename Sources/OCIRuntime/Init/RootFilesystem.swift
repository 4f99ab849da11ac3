import Cgroups
import LinuxSystem

/// The container's root while it is being put together, from inside its mount namespace and before
/// pivot_root(2): every path of the container is resolved in `root`.
struct RootFilesystem: ~Copyable {
  let plan: ContainerPlan
  let root: RootDirectory

  /// Cuts the namespace off from the host's mount events and makes the root a mount of its own.
  init(_ plan: ContainerPlan) throws(RuntimeError) {
    self.plan = plan
    // What is put together for another namespace takes no part in this one's events.
    let spread =
      plan.sharesMounts
      ? MountPlan.SpreadRule(kind: .private, recursive: true) : plan.rootPropagation
    try during("set the root's propagation") { () throws(SystemError) in
      // Unbindable comes at the end: the root itself is bound first.
      try MountCall.setPropagation(
        "/", spread.kind == .unbindable ? .private : spread.kind, recursive: spread.recursive)
    }
    root = try during("bind the root filesystem \(plan.rootfs)") { () throws(SystemError) in
      let target: OwnedDescriptor
      do throws(SystemError) {
        target = try OwnedDescriptor.open(plan.rootfs, [.path, .directory])
      } catch {
        guard error.errno == Errno.accessDenied, plan.rootfsTree >= 0 else { throw error }
        return try Self.attach(OwnedDescriptor(owning: plan.rootfsTree))
      }
      let tree = try MountTree.copy("", in: target.raw, recursive: true, subject: plan.rootfs)
      if spread.kind == .shared || !spread.recursive {
        // What is mounted below would show on the host too, and pivot_root(2) refuses a shared
        // parent: "/" alone was changed, or made shared.
        try MountTree.setAttributes(tree.raw, propagation: .private, subject: plan.rootfs)
        try Self.makeParentPrivate(of: plan.rootfs)
      }
      try MountTree.attach(tree.raw, to: target.raw, subject: plan.rootfs)
      return RootDirectory(owning: tree)
    }
  }

  /// A root that is mounted already.
  init(_ plan: ContainerPlan, at root: consuming RootDirectory) {
    self.plan = plan
    self.root = root
  }

  /// Mounts a root that this user namespace cannot reach where anybody can: what is there is not
  /// needed in this mount namespace.
  private static func attach(_ tree: consuming OwnedDescriptor) throws(SystemError)
    -> RootDirectory
  {
    try MountTree.setAttributes(
      tree.raw, propagation: .private, recursive: true, subject: "the root")
    for path in ["/mnt", "/srv", "/media", "/opt", "/home", "/var"] {
      guard let target = try? OwnedDescriptor.open(path, [.path, .directory]) else { continue }
      try MountTree.attach(tree.raw, to: target.raw, subject: path)
      return RootDirectory(owning: tree)
    }
    throw SystemError("open", "/mnt", errno: Errno.noEntry)
  }

  /// Makes the mount that holds `path` private.
  private static func makeParentPrivate(of path: String) throws(SystemError) {
    var at = try FileTree.resolve(path)
    while true {
      do throws(SystemError) {
        return try MountCall.setPropagation(at, .private, recursive: false)
      } catch {
        // EINVAL: not a mount point; its parent may be.
        guard error.errno == Errno.invalid, at != "/", let slash = at.lastIndex(of: "/") else {
          throw error
        }
        at = slash == at.startIndex ? "/" : String(at[..<slash])
      }
    }
  }

  /// Opens what is at `path` in the root, making it (and its parents) when it is missing.
  func target(_ path: String, isDirectory: Bool, mode: UInt32 = 0o755) throws(SystemError)
    -> OwnedDescriptor
  {
    do throws(SystemError) {
      return try root.open(path, [.path])
    } catch {
      guard error.errno == Errno.noEntry else { throw error }
    }
    let real = try resolve(path)
    if isDirectory { return try root.ensureDirectory(real, mode: mode) }
    let (parent, name) = Self.split(real)
    let directory = try root.ensureDirectory(parent)
    try FileNode.ensureFile(name, in: directory.raw)
    return try root.open(real, [.path])
  }

  static func split(_ path: String) -> (parent: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return ("/", path) }
    let parent = String(path[..<slash])
    return (parent.isEmpty ? "/" : parent, String(path[path.index(after: slash)...]))
  }

  /// The path with every link followed inside the root, as far as it exists: a dangling link leads
  /// to where its target would be.
  private func resolve(_ path: String) throws(SystemError) -> String {
    var waiting = path.split(separator: "/").map(String.init)
    var done: [String] = []
    var links = 0
    while !waiting.isEmpty {
      let part = waiting.removeFirst()
      if part == "." { continue }
      if part == ".." {
        _ = done.popLast()
        continue
      }
      guard let parent = try openDirectory(done),
        let status = try FileStatus.find(part, in: parent.raw), status.kind == .symbolicLink
      else {
        done.append(part)
        continue
      }
      links += 1
      guard links <= 40 else { throw SystemError("resolve", path, errno: Errno.loop) }
      let link = try FileTree.readLink(part, in: parent.raw)
      if link.hasPrefix("/") { done = [] }
      waiting = link.split(separator: "/").map(String.init) + waiting
    }
    return "/" + done.joined(separator: "/")
  }

  private func openDirectory(_ parts: [String]) throws(SystemError) -> OwnedDescriptor? {
    do throws(SystemError) {
      return try root.open("/" + parts.joined(separator: "/"), [.path, .directory])
    } catch {
      if error.errno == Errno.noEntry || error.errno == Errno.notDirectory { return nil }
      throw error
    }
  }

  /// Makes the whole of the root mount read-only, at the end.
  func seal() throws(RuntimeError) {
    try sealMounts()
    guard plan.readonlyRoot else { return }
    try during("make the root filesystem read-only") { () throws(SystemError) in
      try MountTree.setAttributes(root.descriptor.raw, set: .readOnly)
    }
  }

  /// Makes the tree the process's root and drops the host's (pivot_root(2)).
  func enter() throws(RuntimeError) {
    let fd = root.descriptor.raw
    let plan = plan
    guard !plan.sharesMounts else { return try changeRoot() }
    guard plan.pivots else { return try moveRoot() }
    try during("change the root to \(plan.rootfs)") { () throws(SystemError) in
      let old = try OwnedDescriptor.open("/", [.path, .directory])
      try ProcessAttributes.changeDirectory(descriptor: fd)
      try MountCall.pivotToWorkingDirectory()
      try ProcessAttributes.changeDirectory(descriptor: old.raw)
      // Unmounting must not reach the host's mounts.
      try MountCall.setPropagation(".", .slave, recursive: true)
      try MountCall.detach(".")
      try CurrentProcess.changeDirectory("/")
    }
  }

  /// Where pivot_root(2) cannot work (an initramfs as the host's root): --no-pivot.
  private func moveRoot() throws(RuntimeError) {
    let fd = root.descriptor.raw
    let plan = plan
    try during("hide the host's /proc and /sys") { () throws(SystemError) in
      try Self.hideKernelFilesystems(outside: try FileTree.resolve(plan.rootfs))
    }
    try during("move the root to /") { () throws(SystemError) in
      try ProcessAttributes.changeDirectory(descriptor: fd)
      try MountTree.moveWorkingDirectory(to: "/")
      try ProcessAttributes.changeRoot(".")
      try CurrentProcess.changeDirectory("/")
    }
  }

  /// Mounts that stay below the moved root would let a user namespace of the container's mount
  /// procfs and sysfs anew and whole (mount_too_revealing in the kernel).
  private static func hideKernelFilesystems(outside rootfs: String) throws(SystemError) {
    for mount in try MountEntry.list() where mount.type == "proc" || mount.type == "sysfs" {
      let place = mount.place
      guard place != rootfs, !place.hasPrefix("\(rootfs)/") else { continue }
      do throws(SystemError) {
        try MountCall.setPropagation(place, .private, recursive: true)
        try MountCall.detach(place)
      } catch {
        // Locked by the namespace that it came from, or gone with the one above it.
        if [Errno.noEntry, Errno.invalid].contains(error.errno), !FileTree.exists(place) {
          continue
        }
        let cover = try MountTree.make("tmpfs", options: ["size=0"], attributes: .readOnly)
        let target = try OwnedDescriptor.open(place, [.path, .directory])
        try MountTree.attach(cover.raw, to: target.raw, subject: place)
      }
    }
  }

  /// After pivoting: mount events pass between container and host as the specification says.
  func applyPropagation() throws(RuntimeError) {
    let spread = plan.rootPropagation
    guard spread.kind != .slave else { return }
    try during("set the root's propagation") { () throws(SystemError) in
      try MountCall.setPropagation("/", spread.kind, recursive: spread.recursive)
    }
  }
}
