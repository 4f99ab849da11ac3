import CLinux

/// A process that does nothing but hold new namespaces, until this value is dropped or its maker
/// ends, however that ends.
///
/// It shares its maker's memory (clone(2), CLONE_VM) instead of a copy, runs no Swift, and has none of
/// the maker's descriptors. In its new user namespace nobody has an id before a mapping is written.
@safe public struct NamespaceHolder: ~Copyable, @unchecked Sendable {
  private static let stackSize = 16_384

  private let process: ChildProcess
  /// The writing end of the pipe that it reads from.
  private let gate: Int32
  private let stack: UnsafeMutableRawPointer

  /// - Parameters:
  ///   - kinds: What it holds.
  ///   - loopback: Whether the loopback device of its network namespace comes up; it is up when the
  ///     holder has been dropped.
  /// - Throws: What clone(2) said, such as EPERM where user namespaces are forbidden.
  public init(_ kinds: Set<Namespace>, loopback: Bool = false) throws(SystemError) {
    let pipe = try OwnedDescriptor.pipe()
    let stack = UnsafeMutableRawPointer.allocate(byteCount: Self.stackSize, alignment: 16)
    var pidfd: Int32 = -1
    let pid = unsafe clinux_hold(
      Namespace.cloneFlags(kinds), loopback ? 1 : 0, pipe.readEnd.raw, stack,
      UInt64(Self.stackSize), &pidfd)
    guard pid >= 0 else {
      unsafe stack.deallocate()
      throw SystemError("clone", "", errno: -pid)
    }
    process = ChildProcess(pid: pid, pidfd: OwnedDescriptor(owning: pidfd))
    gate = pipe.split { _, writeEnd in writeEnd }.release()
    unsafe self.stack = stack
  }

  public var pid: Int32 { process.pid }

  /// A descriptor of one of its namespaces, which keeps that alive.
  public func open(_ kind: Namespace) throws(SystemError) -> OwnedDescriptor {
    try OwnedDescriptor.open("/proc/\(process.pid)/ns/\(kind.fileName)")
  }

  deinit {
    Descriptor.close(gate)
    _ = try? process.wait()
    unsafe stack.deallocate()
  }
}
