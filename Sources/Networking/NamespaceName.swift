import LinuxSystem

/// Gives a network namespace a path in the file system, for programs that take one.
public enum NamespaceName {
  /// Mounts the namespace on a file of the runtime directory, which every container's private
  /// mount namespace can use for its own, and makes a link to it in the live directory.
  ///
  /// The link, not the mount point, is what goes when the container goes, whoever removes it: a
  /// mount point cannot be removed from inside its mount namespace (unlink(2), EBUSY).
  public static func make(
    descriptor: Int32, runtimeDirectory: String, runDirectory: String
  ) throws(NetworkError) -> String {
    let point = "\(runtimeDirectory)/netns"
    let link = "\(runDirectory)/netns"
    do throws(SystemError) {
      if !FileTree.exists(point) {
        _ = try OwnedDescriptor.open(point, [.writeOnly, .create], mode: 0o600)
      }
      try MountCall.bind("/proc/self/fd/\(descriptor)", at: point)
      try FileTree.makeLink(link, to: point)
    } catch {
      throw .system(error, doing: "give the network namespace a name")
    }
    return link
  }
}
