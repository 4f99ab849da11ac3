import LinuxSystem

extension RootFilesystem {
  /// Leaves the namespace that the root was put together in and mounts it in the one that the
  /// container runs in; `announce` is told which mounts that will be, the topmost first, before there
  /// are any.
  ///
  /// Below it lies one plain mount of the root's directory: below a shared mount the kernel spreads
  /// what is attached to namespaces that follow this one, and takes back there only a mount without
  /// others on it.
  func moved(
    to home: MountHome, announce: ([MountIdentity], String) throws(RuntimeError) -> Void
  ) throws(RuntimeError) -> RootFilesystem {
    let fd = root.descriptor.raw
    let plan = plan
    let tree = try during("copy the mounts of the root") { () throws(SystemError) in
      let tree = try MountCall.copyTree("", in: fd, recursive: true, subject: plan.rootfs)
      // No event of the host's mounts below it shall reach it.
      try MountCall.setAttributes(
        tree.raw, propagation: .private, recursive: true, subject: plan.rootfs)
      return tree
    }
    try during("join the mount namespace") { () throws(SystemError) in
      try home.enter()
    }
    let step = "bind the root filesystem \(plan.rootfs)"
    let target = try during(step) { () throws(SystemError) in
      home.place >= 0
        ? OwnedDescriptor(owning: home.place)
        : try OwnedDescriptor.open(plan.rootfs, [.path, .directory])
    }
    let base = try during(step) { () throws(SystemError) in
      try MountCall.copyTree("", in: target.raw, subject: plan.rootfs)
    }
    let (mounts, place) = try during(step) { () throws(SystemError) in
      (
        [try MountIdentity.of(descriptor: tree.raw), try MountIdentity.of(descriptor: base.raw)],
        try FileTree.resolve(plan.rootfs)
      )
    }
    try announce(mounts, place)
    try during(step) { () throws(SystemError) in
      try MountCall.setAttributes(base.raw, propagation: .private, subject: plan.rootfs)
      try MountCall.attach(base.raw, to: target.raw, subject: plan.rootfs)
      // Below a shared mount it has become shared.
      try MountCall.setAttributes(base.raw, propagation: .private, subject: plan.rootfs)
      try MountCall.attach(tree.raw, to: base.raw, subject: plan.rootfs)
    }
    return RootFilesystem(plan, at: RootDirectory(owning: tree))
  }

  /// Makes the tree the process's root where the namespace's root is others', too (chroot(2)).
  func changeRoot() throws(RuntimeError) {
    let fd = root.descriptor.raw
    try during("change the root to \(plan.rootfs)") { () throws(SystemError) in
      try ProcessAttributes.changeDirectory(descriptor: fd)
      try ProcessAttributes.changeRoot(".")
      try CurrentProcess.changeDirectory("/")
    }
  }
}
