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
    // The group (tty) stays; only the owner becomes the process's user.
    let group = try FileStatus.of(descriptor: terminal.peer.raw).gid
    try FileNode.setOwner(descriptor: terminal.peer.raw, uid: plan.user.uid, gid: group)
    return terminal
  }
}
