import CLinux

extension ChildProcess {
  /// The flag that makes the new process a child of the caller's parent (clone3(2), CLONE_PARENT).
  public static let asSibling = CLINUX_CLONE_PARENT

  /// A process that a child of ours made for us with `asSibling`.
  public init(adopting pid: Int32, pidfd: Int32) {
    self.init(pid: pid, pidfd: OwnedDescriptor(owning: pidfd))
  }
}
