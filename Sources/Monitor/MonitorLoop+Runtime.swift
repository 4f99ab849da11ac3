import LinuxSystem
import Model

extension MonitorLoop {
  /// Runs the runtime to its end while everything else goes on.
  ///
  /// `isProtected`: for a command in which a container's process begins (`Program.isProtected`).
  func callRuntime(
    _ arguments: [String], descriptors: [(child: Int32, ours: Int32)], isProtected: Bool = false
  ) throws(MonitorError) -> ProcessEnd {
    var program = Program(order.runtime, order.runtimeArguments + arguments)
    let null = try step("open /dev/null") { () throws(SystemError) in
      try OwnedDescriptor.open("/dev/null", [.readWrite])
    }
    program.isProtected = isProtected
    program.descriptors = descriptors
    if !order.log.driver.passesStreams {
      for child: Int32 in 0...2 where !descriptors.contains(where: { $0.child == child }) {
        program.descriptors.append((child, null.raw))
      }
    }
    runtimeEnd = nil
    runtimePid = try step("run the runtime") { () throws(SystemError) in
      try startRuntime(program).pid
    }
    updateStreamWatches()
    return try awaitRuntime(
      ["delete", "create", "start", "run"].first(where: arguments.contains) ?? "")
  }

  /// Lets a run that was begun already go on to its end; the log is what the runtime has said.
  func finish(_ begun: BegunRun) throws(MonitorError) -> (end: ProcessEnd, log: HeldDescriptor) {
    begun.openGate()
    return (try awaitEnd(of: begun), begun.messages)
  }

  /// Has a run that was begun take back what it made.
  func endBegunRun() {
    guard let begun else { return }
    begun.closeGate()
    _ = try? awaitEnd(of: begun)
  }

  private func awaitEnd(of begun: BegunRun) throws(MonitorError) -> ProcessEnd {
    self.begun = nil
    runtimeEnd = nil
    runtimePid = begun.pid
    // Its last words are read while it still has the other end. Where that cannot be, its end is
    // waited for: the program may have begun, which is no failure.
    do throws(SystemError) {
      try Descriptor.setNonBlocking(begun.messages.raw, true)
      try loop.add(begun.started.raw, .readable, token: Token.started)
      runtimeWord = begun.started
    } catch { runtimeWord = nil }
    // It may have ended before ends were watched for.
    reap()
    updateStreamWatches()
    defer { forgetWord() }
    return try awaitRuntime("run")
  }

  /// The runtime says that it has succeeded: its end, which takes longer than all that is left to be
  /// done here, is then an orphan's.
  func readWord() {
    if let word = runtimeWord, let bytes = try? Descriptor.read(word.raw, upTo: 8), !bytes.isEmpty {
      runtimeEnd = .exited(0)
      runtimePid = nil
    }
    forgetWord()
  }

  private func forgetWord() {
    // Others may have a copy of it for some moments, which would keep it watched.
    if let word = runtimeWord { _ = try? loop.remove(word.raw) }
    runtimeWord = nil
  }

  /// Starts the runtime's program, or has a child make its call without one.
  func startRuntime(_ program: Program) throws(SystemError) -> ChildProcess {
    guard let linkedRuntime else { return try program.start() }
    return try program.start { linkedRuntime.main([program.path] + program.arguments) }
  }

  /// How long the runtime may take: what has to do with hooks long, the rest ten seconds.
  private static func limit(_ command: String) -> Int64 {
    command == "delete" ? 10_000_000_000 : 240_000_000_000
  }

  /// Until the runtime ends; one that hangs is killed, with all that it has started.
  private func awaitRuntime(_ command: String) throws(MonitorError) -> ProcessEnd {
    let limit = Self.limit(command)
    let latest = Clock.monotonic() + limit
    let canBeGivenUp = command != "delete"
    try pump(deadline: latest) { runtimeEnd != nil || canBeGivenUp && abandonTime != nil }
    if canBeGivenUp, let abandonTime {
      try pump(deadline: min(latest, abandonTime)) { runtimeEnd != nil }
    }
    if let runtimeEnd { return runtimeEnd }
    try killRuntime()
    if canBeGivenUp && abandonTime != nil { throw .stopped }
    throw .runtime(
      ErrorReport(
        .unavailable,
        "the runtime \(order.runtime) was killed: its `\(command)` had not ended after "
          + "\(limit / 1_000_000_000) seconds"))
  }

  /// A stop came while the runtime makes or starts the container: it may end that, but not forever.
  func abandonRuntime(after milliseconds: Int64) {
    guard abandonTime == nil else { return }
    abandonTime = Clock.monotonic() + max(milliseconds, 3_000) * 1_000_000
  }

  /// What the runtime leaves when it dies becomes this process's children, and is killed too.
  private func killRuntime() throws(MonitorError) {
    let spared = (helper?.pids ?? []) + [probe?.pid, initPid].compactMap(\.self)
    for _ in 0..<200 {
      let left = CurrentProcess.children().filter { !spared.contains($0) }
      if left.isEmpty { return }
      for pid in left {
        _ = try? ProcessHandle.find(pid)?.kill(SignalSet.kill)
        // The runtime's own end is the loop's to see.
        if pid != runtimePid { _ = try? ChildProcess.reapIfEnded(pid) }
      }
      try pump(deadline: Clock.monotonic() + 10_000_000) { false }
    }
  }

  /// Has the runtime forget the container, whose end is known; its failure changes nothing for others.
  func deleteQuietly(_ options: [String] = []) {
    let end = try? callRuntime(["delete"] + options + [order.id], descriptors: [])
    runtimeForgot = end == .exited(0)
  }

  func runtimeFailure(_ doing: String, _ end: ProcessEnd, text: [UInt8]) -> MonitorError {
    .runtime(
      RuntimeFailure.report(
        doing: doing, runtime: order.runtime, end: end, text: String(decoding: text, as: UTF8.self))
    )
  }

  /// Reads what the failed runtime left in its error pipe.
  func drainErrorText() {
    while streams.errors != nil && errorText.count < Self.errorTextLimit {
      let before = errorText.count
      relay(.standardError)
      if errorText.count == before { return }
    }
  }

  /// The runtime's error pipe of a container with a terminal has done its work.
  func markErrorsClosed() {
    drainErrorText()
    streams.close(.standardError)
    watchedOutputs.errors = false
  }
}
