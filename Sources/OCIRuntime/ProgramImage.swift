import LinuxSystem
import Model

/// The file that this process runs from, which a container's process can reach as /proc/PID/exe
/// while the init stage becomes it (CVE-2019-5736).
///
/// The program runs itself again from a read-only copy of its own mount that is attached nowhere,
/// so that nobody can open the file for writing that way, not even root of the same user namespace.
/// A caller that starts us from such a copy, or knows that no container can change the file, saves us
/// the second execve(2).
enum ProgramImage {
  private static let marker = "MARTLET_OCI_IMAGE=read-only"

  static func ensureReadOnly(_ arguments: [String]) throws(RuntimeError) {
    try during("protect the runtime's own file") { () throws(SystemError) in
      if CurrentProcess.environment.contains(RuntimePath.outOfReach) { return }
      let image = try OwnedDescriptor.open("/proc/self/exe", [.path])
      if try MountCall.isReadOnly(image.raw) { return }
      let path = try CurrentProcess.executablePath()
      if path.hasPrefix("/memfd:") { return }
      if try ProgramFile.isOutOfReach(FileStatus.of(descriptor: image.raw)) { return }
      let tried = CurrentProcess.environment.contains(marker)
      if !tried, let copy = try mountCopy(of: image, path) {
        // Falls through where a mount forbids execution.
        try? run(copy, arguments)
      }
      try run(try memoryCopy(), arguments)
    }
  }

  private static func run(_ image: consuming OwnedDescriptor, _ arguments: [String])
    throws(SystemError)
  {
    try ProcessAttributes.exec(
      descriptor: image.raw, arguments: ["martlet-oci"] + arguments,
      environment: CurrentProcess.environment + [marker])
  }

  private static func mountCopy(of image: borrowing OwnedDescriptor, _ path: String)
    throws(SystemError) -> OwnedDescriptor?
  {
    do throws(SystemError) {
      return try MountCall.readOnlyCopy(of: "/proc/self/exe")
    } catch {
      guard error.errno == Errno.notPermitted else {
        // Not implemented, or a mount that may not be copied.
        return nil
      }
    }
    return try borrowedCopy(of: image, path)
  }

  /// An unprivileged caller may copy mounts only in namespaces of its own: a child makes them, copies
  /// there and hands the copy over.
  ///
  /// By its path, since the open file is on a mount of the caller's namespace; what is found there
  /// must be the same file.
  private static func borrowedCopy(of image: borrowing OwnedDescriptor, _ path: String)
    throws(SystemError) -> OwnedDescriptor?
  {
    let pair = try MessageChannel.pair()
    let ours = pair.first.descriptor.raw
    let theirs = pair.second.descriptor.raw
    let kinds = Namespace.user.cloneFlag | Namespace.mount.cloneFlag
    do throws(SystemError) {
      // Not waited for: the end of its namespaces takes longer than all the rest.
      _ = try ChildProcess.spawn(flags: kinds) {
        Descriptor.close(ours)
        guard let tree = try? MountCall.readOnlyCopy(of: path) else { return 1 }
        try? MessageChannel.send(theirs, [0x69], descriptors: [tree.raw])
        return 0
      }
    } catch {
      // No user namespaces for this caller.
      return nil
    }
    let channel = pair.takeFirst()
    guard let copy = try channel.receive().descriptors.first.map({ OwnedDescriptor(owning: $0) })
    else { return nil }
    let (found, wanted) = try (
      FileStatus.of(descriptor: copy.raw), FileStatus.of(descriptor: image.raw)
    )
    guard found.inode == wanted.inode, found.device == wanted.device else { return nil }
    return copy
  }

  /// The last resort costs a copy of the whole file: one in memory that nothing can change.
  private static func memoryCopy() throws(SystemError) -> OwnedDescriptor {
    let file = try OwnedDescriptor.open("/proc/self/exe")
    let copy = try OwnedDescriptor.anonymousFile("martlet-oci", sealable: true)
    while try Descriptor.copy(to: copy.raw, from: file.raw, count: 1 << 24) > 0 {}
    try copy.seal()
    return copy
  }
}
