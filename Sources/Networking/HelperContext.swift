public import LinuxSystem

/// Where a container's network helper finds things; all paths are absolute.
public struct HelperContext: Equatable, Sendable {
  /// The network namespace as a bind mount below `$XDG_RUNTIME_DIR/netns`: there the AppArmor
  /// profiles of Debian's passt let it be opened, and no right to look into another process of
  /// ours is needed (pasta gives its own up before it opens the path).
  public var namespacePath: String
  /// A directory of the container's on a tmpfs, for a helper's socket.
  public var directory: String
  /// The helper runs as root outside of any user namespace, where pasta would become nobody and
  /// then lack the right to enter the namespace.
  public var isRootOfTheMachine: Bool
  /// Where programs are looked for.
  public var programDirectories: [String]

  public init(
    namespacePath: String, directory: String, isRootOfTheMachine: Bool = false,
    programDirectories: [String] = Program.systemDirectories
  ) {
    self.namespacePath = namespacePath
    self.directory = directory
    self.isRootOfTheMachine = isRootOfTheMachine
    self.programDirectories = programDirectories
  }
}
