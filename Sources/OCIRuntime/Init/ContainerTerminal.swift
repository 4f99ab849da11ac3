import LinuxSystem
import OCISpec

/// A terminal from the container's own devpts.
enum ContainerTerminal {
  static func open(in root: borrowing RootDirectory, _ plan: ProcessPlan) throws(SystemError)
    -> PseudoTerminal
  {
    let multiplexer = try root.open("/dev/pts/ptmx", [.path, .noFollow])
    guard try MountCall.filesystemMagic(multiplexer.raw) == MountCall.Magic.devpts else {
      throw SystemError("check", "/dev/pts/ptmx of the container", errno: Errno.noDevice)
    }
    let terminal = try PseudoTerminal(multiplexer: multiplexer.raw)
    if let size = plan.consoleSize {
      try PseudoTerminal.setSize(terminal.peer.raw, rows: size.height, columns: size.width)
    }
    return terminal
  }

  /// Gives it to the process's user; its group (tty) stays.
  static func own(_ peer: Int32, _ plan: ProcessPlan) throws(SystemError) {
    let group = try FileStatus.of(descriptor: peer).gid
    try FileNode.setOwner(descriptor: peer, uid: plan.user.uid, gid: group)
  }
}
