import CLinux

/// A process that does nothing but hold new namespaces, until this value is dropped or its maker
/// ends, however that ends.
///
/// It shares its maker's memory (clone(2), CLONE_VM) instead of a copy, runs no Swift, and has none of
/// the maker's descriptors. In its new user namespace nobody has an id before a mapping is written.
@safe public struct NamespaceHolder: ~Copyable, @unchecked Sendable {
  private static let stackSize = 16_384

  private let process: ChildProcess
  /// Our end of the socket that it reads from.
  private let gate: Int32
  private let stack: UnsafeMutableRawPointer
  private var isMaking: Bool

  /// Returns as soon as there is its user namespace, if it is to have one; the others it makes while
  /// its maker goes on, which for a network namespace takes the kernel half a millisecond.
  ///
  /// - Parameters:
  ///   - kinds: What it holds.
  ///   - loopback: Whether the loopback device of its network namespace comes up.
  /// - Throws: What clone(2) said, such as EPERM where user namespaces are forbidden.
  public init(_ kinds: NamespaceSet, loopback: Bool = false) throws(SystemError) {
    let ends = try SocketPair.stream()
    let stack = UnsafeMutableRawPointer.allocate(byteCount: Self.stackSize, alignment: 16)
    let own = kinds.subtracting([.user])
    var pidfd: Int32 = -1
    let pid = unsafe clinux_hold(
      kinds.intersection([.user]).cloneFlags, own.cloneFlags, loopback ? 1 : 0, ends.second.raw,
      stack, UInt64(Self.stackSize), &pidfd)
    guard pid >= 0 else {
      unsafe stack.deallocate()
      throw SystemError("clone", "", errno: -pid)
    }
    process = ChildProcess(pid: pid, pidfd: OwnedDescriptor(owning: pidfd))
    gate = ends.takeFirst().release()
    unsafe self.stack = stack
    isMaking = !own.isEmpty
  }

  public var pid: Int32 { process.pid }

  /// A descriptor of one of its namespaces, which keeps that alive.
  ///
  /// - Throws: Also what unshare(2) said to the process.
  public mutating func open(_ kind: Namespace) throws(SystemError) -> OwnedDescriptor {
    if kind != .user { try awaitOwn() }
    return try OwnedDescriptor.open("/proc/\(process.pid)/ns/\(kind.fileName)")
  }

  private mutating func awaitOwn() throws(SystemError) {
    guard isMaking else { return }
    isMaking = false
    // An errno, or 0.
    let failure = try Descriptor.read(gate, upTo: 1).first.map { Int32($0) } ?? Errno.noProcess
    guard failure == 0 else { throw SystemError("unshare", "", errno: failure) }
  }

  deinit {
    // A child of ours that was started meanwhile may have this end open too.
    _ = try? UnixSocket.finishSending(gate)
    Descriptor.close(gate)
    _ = try? process.wait()
    unsafe stack.deallocate()
  }
}
