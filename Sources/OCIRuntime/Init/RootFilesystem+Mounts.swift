import Cgroups
import LinuxSystem

extension RootFilesystem {
  /// Makes every mount of the specification, in order.
  ///
  /// `mapped` has the runtime copy the source of the mount with an index and map its ids, where a
  /// user namespace may not.
  func mountAll(mapped: (Int) throws(RuntimeError) -> Int32) throws(RuntimeError) {
    for (index, mount) in plan.mounts.enumerated() {
      var mount = mount
      if plan.hasUserNamespace, mount.idMapNamespace >= 0 {
        mount.prepared = try mapped(index)
        mount.idMapNamespace = -1
      }
      try make(mount)
    }
  }

  private func make(_ mount: MountPlan) throws(RuntimeError) {
    switch mount.kind {
    case .bind(let recursive):
      try during(mount.step) { () throws(SystemError) in try bind(mount, recursive: recursive) }
    case .cgroup:
      try during(mount.step) { () throws(SystemError) in try mountCgroups(mount) }
    case .filesystem(let type):
      try during(mount.step) { () throws(SystemError) in try mountFilesystem(mount, type) }
    }
  }

  private func bind(_ mount: MountPlan, recursive: Bool) throws(SystemError) {
    let tree = try source(of: mount, recursive: recursive)
    let kind = try FileStatus.of(descriptor: tree.raw).kind
    let place = try target(mount.destination, isDirectory: kind == .directory)
    try guardProc(mount, source: tree.raw, target: place.raw)
    if mount.idMapNamespace >= 0 {
      try MountTree.setAttributes(
        tree.raw, recursive: mount.idMap?.recursive ?? false, idMap: mount.idMapNamespace,
        subject: "id map of \(mount.destination)")
    }
    try apply(mount, to: tree.raw)
    try MountTree.attach(tree.raw, to: place.raw, subject: mount.destination)
  }

  /// In a user namespace of the container's own a copy made here keeps what the host has locked, such
  /// as read-only (mount_namespaces(7)); one that the parent made does not, and is for what cannot
  /// be copied here.
  private func source(of mount: MountPlan, recursive: Bool) throws(SystemError) -> OwnedDescriptor {
    guard mount.prepared >= 0 else {
      if let path = mount.sourceInside {
        // No link of the image's leads out of it.
        let place = try root.open(path, [.path])
        return try MountTree.copy(
          "", in: place.raw, recursive: recursive, subject: mount.source)
      }
      return try MountTree.copy(mount.source, recursive: recursive)
    }
    let prepared = OwnedDescriptor(owning: mount.prepared)
    if mount.idMap == nil, let own = try? MountTree.copy(mount.source, recursive: recursive),
      let found = try? FileStatus.of(descriptor: own.raw),
      let meant = try? FileStatus.of(descriptor: prepared.raw),
      found.device == meant.device, found.inode == meant.inode
    {
      return own
    }
    return prepared
  }

  /// A mount over /proc that is not procfs would show the runtime and the container's programs
  /// whatever its maker likes (CVE-2019-16884, CVE-2025-52881); a few files are replaced by tools
  /// such as lxcfs.
  private func guardProc(_ mount: MountPlan, source: Int32, target: Int32) throws(SystemError) {
    guard try MountCall.filesystemMagic(target) == MountCall.Magic.proc else { return }
    if try MountCall.filesystemMagic(source) == MountCall.Magic.proc { return }
    let allowed: Set<String> = [
      "/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat", "/proc/swaps",
      "/proc/uptime", "/proc/loadavg", "/proc/slabinfo", "/proc/net/dev",
      "/proc/sys/kernel/ns_last_pid", "/proc/sys/crypto/fips_enabled",
    ]
    let path = mount.destination.split(separator: "/").joined(separator: "/")
    guard allowed.contains("/" + path) else {
      throw SystemError("mount over procfs", mount.destination, errno: Errno.notPermitted)
    }
  }

  /// Attributes and propagation of a mount that is not attached yet.
  private func apply(_ mount: MountPlan, to tree: Int32, filesystem: Bool = false)
    throws(SystemError)
  {
    if !filesystem && mount.namesAttributes {
      let clear = mount.clear.union(Self.named).subtracting(mount.set)
      try change(tree, set: mount.set, clear: clear, recursive: false, mount.destination)
    }
    if !(mount.recursiveSet.isEmpty && mount.recursiveClear.isEmpty) {
      try change(
        tree, set: mount.recursiveSet, clear: mount.recursiveClear, recursive: true,
        mount.destination)
    }
    for rule in mount.propagation {
      try MountTree.setAttributes(
        tree, propagation: rule.kind, recursive: rule.recursive, subject: mount.destination)
    }
  }

  /// Attributes that are cleared where others are named, as mount(2) does it with MS_REMOUNT.
  private static let named: MountCall.Attributes = [
    .readOnly, .noSetID, .noDevices, .noExecute, .noSymbolicLinks,
  ]

  /// Each for itself, where all together are refused.
  private static let lockable: [MountCall.Attributes] = [
    .readOnly, .noSetID, .noDevices, .noExecute, .noSymbolicLinks, .noDirectoryAccessTime,
  ]

  /// A user namespace may not clear what the host has locked on a mount (mount_namespaces(7)):
  /// then what is to be set is set, and the locked stays, as a bind mount has it anyway.
  private func change(
    _ tree: Int32, set: MountCall.Attributes, clear: MountCall.Attributes, recursive: Bool,
    _ subject: String
  ) throws(SystemError) {
    do throws(SystemError) {
      try MountTree.setAttributes(
        tree, set: set, clear: clear, recursive: recursive, subject: subject)
    } catch {
      // Older kernels refuse bits that they do not know with EINVAL.
      let refusals = [Errno.notPermitted, Errno.invalid]
      guard refusals.contains(error.errno), !clear.isEmpty else { throw error }
      let kept = set.subtracting(.accessTimeModes)
      if !kept.isEmpty {
        try MountTree.setAttributes(tree, set: kept, recursive: recursive, subject: subject)
      }
      for attribute in Self.lockable where clear.contains(attribute) {
        do throws(SystemError) {
          try MountTree.setAttributes(
            tree, clear: attribute, recursive: recursive, subject: subject)
        } catch {
          guard refusals.contains(error.errno) else { throw error }
        }
      }
    }
  }

  private func mountFilesystem(_ mount: MountPlan, _ type: String) throws(SystemError) {
    let tree: OwnedDescriptor
    var mount = mount
    if type == "tmpfs", !mount.data.contains(where: { $0.hasPrefix("mode=") }) {
      inheritMode(&mount)
    }
    do throws(SystemError) {
      tree = try filesystem(type, mount)
    } catch {
      guard let fallback = try substitute(for: type, mount, error) else { throw error }
      tree = fallback
    }
    if type == "proc" || type == "sysfs" { try refuseLink(mount.destination) }
    let place = try target(mount.destination, isDirectory: true)
    try guardProc(mount, source: tree.raw, target: place.raw)
    if mount.copyUp, type == "tmpfs" { try CopyUp.copy(from: place, to: tree) }
    if mount.set.contains(.readOnly), !isSealedLater(mount) {
      try MountTree.setAttributes(tree.raw, set: .readOnly, subject: mount.destination)
    }
    try apply(mount, to: tree.raw, filesystem: true)
    try MountTree.attach(tree.raw, to: place.raw, subject: mount.destination)
  }

  /// A directory that is covered keeps its mode; without one the kernel's 1777 holds.
  private func inheritMode(_ mount: inout MountPlan) {
    // What is wrong with the place is said when it is mounted on.
    guard let place = try? root.open(mount.destination, [.path, .directory]),
      let status = try? FileStatus.of(descriptor: place.raw)
    else { return }
    mount.data.append("mode=\(String(status.permissions, radix: 8))")
  }

  /// What the runtime and every program look for under its own name must be there, not where an
  /// image's link leads (CVE-2019-19921, CVE-2023-27561).
  private func refuseLink(_ path: String) throws(SystemError) {
    do throws(SystemError) {
      let place = try root.open(path, [.path, .noFollow])
      guard try FileStatus.of(descriptor: place.raw).kind == .directory else {
        throw SystemError(
          "must be mounted on ordinary directory, not on", path, errno: Errno.notDirectory)
      }
    } catch {
      guard error.errno == Errno.noEntry else { throw error }
    }
  }

  /// A read-only /dev still gets its other mounts, nodes and links first.
  private func isSealedLater(_ mount: MountPlan) -> Bool {
    mount.kind == .filesystem("tmpfs")
      && mount.destination.split(separator: "/").joined(separator: "/") == "dev"
  }

  /// Makes read-only what had to be filled first.
  func sealMounts() throws(RuntimeError) {
    for mount in plan.mounts where mount.set.contains(.readOnly) && isSealedLater(mount) {
      try during("make \(mount.destination) read-only") { () throws(SystemError) in
        let place = try root.open(mount.destination, [.path, .directory])
        try MountTree.setAttributes(place.raw, set: .readOnly, subject: mount.destination)
      }
    }
  }

  private func filesystem(_ type: String, _ mount: MountPlan) throws(SystemError)
    -> OwnedDescriptor
  {
    // Read-only comes after a copy-up.
    let attributes = mount.set.subtracting(.readOnly)
    do throws(SystemError) {
      return try MountTree.make(
        type, source: mount.source, options: mount.data, attributes: attributes)
    } catch {
      // A gid that has no mapping: the terminal's group is then the user's own.
      guard type == "devpts", error.errno == Errno.invalid,
        mount.data.contains(where: { $0.hasPrefix("gid=") })
      else { throw error }
      return try MountTree.make(
        type, source: mount.source, options: mount.data.filter { !$0.hasPrefix("gid=") },
        attributes: attributes)
    }
  }

  /// What the host has already, where a user namespace may not mount anew because the network or
  /// IPC namespace belongs to the host.
  private func substitute(for type: String, _ mount: MountPlan, _ error: SystemError)
    throws(SystemError) -> OwnedDescriptor?
  {
    guard error.errno == Errno.notPermitted || error.errno == Errno.busy else { return nil }
    let host: String
    switch type {
    case "sysfs": host = "/sys"
    case "mqueue": host = "/dev/mqueue"
    case "proc" where !plan.newNamespaces.contains(.pid): host = "/proc"
    default: return nil
    }
    let tree = try MountTree.copy(host, recursive: true)
    let readOnly: MountCall.Attributes = type == "sysfs" ? .readOnly : []
    try MountTree.setAttributes(
      tree.raw, set: mount.set.union(readOnly).subtracting(.accessTimeModes), recursive: true,
      subject: host)
    return tree
  }

  private func mountCgroups(_ mount: MountPlan) throws(SystemError) {
    let place = try target(mount.destination, isDirectory: true)
    let tree = try cgroupTree(mount)
    try apply(mount, to: tree.raw, filesystem: true)
    try MountTree.attach(tree.raw, to: place.raw, subject: mount.destination)
  }

  private func cgroupTree(_ mount: MountPlan) throws(SystemError) -> OwnedDescriptor {
    guard plan.cgroupLayout != .none else {
      return try MountTree.make("tmpfs", options: ["size=0"], attributes: .readOnly)
    }
    if plan.cgroupLayout == .unified {
      do throws(SystemError) {
        return try MountTree.make("cgroup2", source: "cgroup", attributes: mount.set)
      } catch {
        guard error.errno == Errno.notPermitted || error.errno == Errno.busy else { throw error }
      }
    }
    // The host's own tree is only ever shown read-only (CVE-2023-25809, CVE-2022-0492).
    let tree = try MountTree.copy(HostCgroups.mountPoint, recursive: true)
    try MountTree.setAttributes(
      tree.raw,
      set: mount.set.union([.readOnly, .noSetID, .noDevices, .noExecute])
        .subtracting(.accessTimeModes),
      recursive: true, subject: HostCgroups.mountPoint)
    return tree
  }
}
