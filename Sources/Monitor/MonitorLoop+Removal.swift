import LinuxSystem
import Model

extension MonitorLoop {
  /// Removes a container that goes when it ends: what `RemoveContainer.cleanUp` does, for those that have
  /// nothing but files and a name.
  ///
  /// The container's lock is still held. A command that waits for the end may be at the same: whoever
  /// comes second finds it done. False where the order's last program has to see to it.
  public func removeContainer() -> Bool {
    guard let removal = order.removal, runtimeForgot else { return false }
    do throws(SystemError) {
      do throws(SystemError) {
        try FileTree.rename(removal.directory, to: removal.trash)
      } catch {
        guard error.errno == Errno.noEntry || error.errno == Errno.notEmpty else { throw error }
      }
      let link = "\(removal.names)/\(name)"
      if (try? FileTree.readLink(link)) == order.id { try FileTree.unlinkIfPresent(link) }
      // A root that is a directory of the user's has no mount there.
      try? MountCall.detach(removal.mountPoint)
      try FileTree.removeTree(order.runDirectory)
      try FileTree.removeTree(removal.trash)
    } catch {
      return false
    }
    note("remove")
    return true
  }
}
