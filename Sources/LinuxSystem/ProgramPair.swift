import CLinux

/// Two programs that run beside us.
///
/// A thread starts them and waits for them: but for `awaitedSoon` we do not wait even until they execute.
///
/// The thread runs no Swift and allocates nothing, so that `ChildProcess.spawn` is safe beside it.
@safe public struct ProgramPair: ~Copyable, @unchecked Sendable {
  private let group: UnsafeMutablePointer<clinux_group>
  private let programs: UnsafeMutablePointer<clinux_program>
  private let prepared: (PreparedProgram, PreparedProgram)

  /// Starts them as children of this process; neither is protected.
  ///
  /// `awaitedSoon`: the second one is started by us, beside the first one, in place of after it. It has
  /// our processor once we wait, where the scheduler would have it queue for the thread's.
  public init(_ first: Program, _ second: Program, awaitedSoon: Bool = false) throws(SystemError) {
    unsafe prepared = (PreparedProgram(first), PreparedProgram(second))
    unsafe programs = .allocate(capacity: 2)
    unsafe programs.initialize(to: prepared.0.program)
    unsafe (programs + 1).initialize(to: prepared.1.program)
    unsafe group = .allocate(capacity: 1)
    unsafe group.initialize(
      to: clinux_group(
        programs: programs, count: 2, own: awaitedSoon ? 1 : 0, pids: (0, 0, 0, 0, 0, 0, 0, 0),
        failed: 0, maker: 0, thread: 0))
    let result = unsafe clinux_group_start(group)
    guard result == 0 else {
      unsafe Self.free(group, programs, prepared)
      throw SystemError("pthread_create", first.path, errno: -result)
    }
  }

  /// Waits for both; whether each ended with exit status 0.
  public consuming func wait() -> (first: Bool, second: Bool) {
    let failed = unsafe clinux_group_wait(group)
    unsafe Self.free(group, programs, prepared)
    discard self
    return (failed & 1 == 0, failed & 2 == 0)
  }

  deinit {
    _ = unsafe clinux_group_wait(group)
    unsafe Self.free(group, programs, prepared)
  }

  private static func free(
    _ group: UnsafeMutablePointer<clinux_group>, _ programs: UnsafeMutablePointer<clinux_program>,
    _ prepared: (PreparedProgram, PreparedProgram)
  ) {
    unsafe prepared.0.free()
    unsafe prepared.1.free()
    unsafe programs.deallocate()
    unsafe group.deallocate()
  }
}
