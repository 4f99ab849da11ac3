import Events
import LinuxSystem
import Model

extension MonitorLoop {
  private static let helperTimeout: Int64 = 10_000_000_000
  private static let drainTime: Int64 = 1_000_000_000
  private static let longestDelay: Int64 = 60_000
  /// Nanoseconds of running after which a restart is a fresh start again.
  private static let steadyTime: Int64 = 10_000_000_000

  /// Brings the container up, stays with it to its end, and cleans up.
  ///
  /// Returns when nothing is left to do but to become the order's last program.
  public func run() {
    do throws(MonitorError) {
      try startHelper()
      try runContainers()
    } catch {
      fail(error)
    }
    helper?.end()
    leave()
  }

  /// Runs the container, and again as long as its policy says.
  private func runContainers() throws(MonitorError) {
    var delay = order.restartDelay
    while true {
      try bringUp()
      try pump { initEnd != nil }
      let code = try finishRun()
      deleteQuietly()
      let again = startsAgain(afterCode: code)
      note(again ? "restart" : "cleanup")
      guard again else {
        if live.status == .restarting { endRestarts() }
        return
      }
      if finished - (live.started ?? finished) >= Self.steadyTime { delay = order.restartDelay }
      guard try wait(milliseconds: delay) else { return }
      delay = min(delay * 2, Self.longestDelay)
      try prepareRestart()
    }
  }

  private func startsAgain(afterCode code: Int32) -> Bool {
    !stopRequested
      && (restartRequested || restartPolicy.restarts(afterCode: code, restarts: live.restarts))
  }

  // MARK: - Steps up

  private func bringUp() throws(MonitorError) {
    if begun != nil {
      try waitForHelper()
      try runContainer()
    } else if startRequested && !stopRequested && order.needsOneCall {
      try runContainer()
    } else {
      try createContainer()
      try waitForHelper()
      try startContainer()
    }
    phase = .running
    if let timeout = order.timeout {
      timeoutDeadline = Clock.monotonic() + timeout * 1_000_000_000
    }
    startHealthChecks()
    notify?.started()
    if stopRequested { stop(milliseconds: order.stopTimeout * 1_000) } else { record(.running) }
    note("start")
    if let pid = initPid { broadcast(.started(pid: pid)) }
    // Bringing the container up took most of the memory; what comes now may last for months, or be
    // over at once.
    trimTime = Clock.monotonic() + Self.trimDelay
  }

  private func runContainer() throws(MonitorError) {
    live.started = Clock.realtime()
    phase = .starting
    let (end, log) = if let begun { try finish(begun) } else { try callRun() }
    streams.containerHasItsEnds()
    let text = RuntimeFailure.messages(
      ofLog: (try? Descriptor.read(log.raw, upTo: Self.errorTextLimit)) ?? [])
    guard end == .exited(0) else { throw runtimeFailure("run", end, text: text) }
    try findInit()
    // Warnings are for whoever started it, as the runtime would have said them.
    errorText = text
    releaseErrorText()
    note("init")
    if let pid = initPid { broadcast(.created(pid: pid)) }
    reap()
  }

  private func callRun() throws(MonitorError) -> (end: ProcessEnd, log: HeldDescriptor) {
    let pipe = try step("make a pipe") { () throws(SystemError) in try HeldDescriptor.pipe() }
    let messages = 3 + Int32(order.preservedDescriptors)
    let arguments =
      ["--log", "/dev/fd/\(messages)", "run", "--detach", "--bundle", order.bundle]
      + ["--pid-file", order.initPidFile] + preservationArguments + [order.id]
    let end = try callRuntime(
      arguments, descriptors: createDescriptors + [(messages, pipe.writeEnd.raw)],
      isProtected: isRuntimeInReach)
    return (end, pipe.readEnd)
  }

  private var preservationArguments: [String] {
    order.preservedDescriptors > 0 ? ["--preserve-fds", "\(order.preservedDescriptors)"] : []
  }

  private func startHelper() throws(MonitorError) {
    guard let network = order.network else { return }
    let helper = try step("start network helper \(network.arguments[0])") {
      () throws(SystemError) in try NetworkHelper(network)
    }
    self.helper = helper
    helperDeadline = Clock.monotonic() + Self.helperTimeout
    try step("watch the network helper") { () throws(SystemError) in
      if let errors = helper.errors {
        try loop.add(errors.raw, .readable, token: Token.networkErrors)
      }
      if let readiness = helper.readiness {
        try loop.add(readiness.raw, .readable, token: Token.networkReady)
      }
    }
  }

  private func waitForHelper() throws(MonitorError) {
    guard let helper, let deadline = helperDeadline else { return }
    let told = try pump(deadline: deadline) { helper.condition != .starting || stopRequested }
    if stopRequested { throw .stopped }
    helper.readErrors(using: &buffer)
    guard helper.condition == .ready else { throw helper.failure(timedOut: !told) }
    try helper.sendRequests()
    helperDeadline = nil
  }

  private func createContainer() throws(MonitorError) {
    var arguments = ["create", "--bundle", order.bundle, "--pid-file", order.initPidFile]
    var console: HeldDescriptor?
    if order.terminal {
      console = try step("listen for the terminal") { () throws(SystemError) in
        HeldDescriptor(try UnixSocket.listen(directory: files.handle.raw, name: "console"))
      }
      // Through the monitor's descriptor: the name stays short however deep the directory is.
      let short = "/proc/\(CurrentProcess.id)/fd/\(files.handle.raw)/console"
      arguments += ["--console-socket", short]
    }
    arguments += preservationArguments
    let end = try callRuntime(
      arguments + [order.id], descriptors: createDescriptors,
      isProtected: isRuntimeInReach)
    streams.containerHasItsEnds()
    guard end == .exited(0) else {
      drainErrorText()
      throw runtimeFailure("create", end, text: errorText)
    }
    if let console { try takeTerminal(console) }
    try findInit()
    phase = .created
    releaseErrorText()
    // To others a container that comes up again is restarting until it runs.
    record(lastExit == nil ? .created : .restarting)
    note("init")
    if let pid = initPid { broadcast(.created(pid: pid)) }
    reap()
  }

  private var createDescriptors: [(child: Int32, ours: Int32)] {
    let first = MonitorOrder.firstPreservedDescriptor
    return streams.childDescriptors
      + (0..<Int32(order.preservedDescriptors)).map { (3 + $0, first + $0) }
  }

  private func takeTerminal(_ console: HeldDescriptor) throws(MonitorError) {
    let master = try step("receive the terminal from the runtime") {
      () throws(SystemError) -> HeldDescriptor? in
      let sent = try UnixSocket.acceptDescriptor(console.raw, milliseconds: 5_000)
      guard let sent else { return nil }
      try FileTree.unlink("console", in: files.handle.raw)
      return HeldDescriptor(sent)
    }
    guard let master else {
      throw .runtime(ErrorReport(.unavailable, "the runtime sent no terminal"))
    }
    markErrorsClosed()
    try step("use the terminal") { () throws(SystemError) in
      try streams.useTerminal(master)
    }
    if let size = order.windowSize { streams.resize(size) }
  }

  private func findInit() throws(MonitorError) {
    let pidFile = order.initPidFile
    let text = try step("read the container's pid") { () throws(SystemError) in
      try FileTree.readText(pidFile, limit: 64)
    }
    guard let pid = Int32(text.prefix { $0.isNumber }), pid > 0 else {
      throw .runtime(ErrorReport(.bug, "the runtime wrote no pid to \(pidFile)"))
    }
    let handle = try step("open process \(pid)") { () throws(SystemError) in
      try ProcessHandle.find(pid)
    }
    // One that its runtime has reaped ends for nobody else.
    guard handle != nil else {
      throw .runtime(
        ErrorReport(.unavailable, "the container's process has ended, and its status is lost"))
    }
    initHandle = handle
    initPid = pid
    live.startTime = ProcessHandle.startTime(pid)
    try writePidFiles(pid)
    oomCount = OutOfMemoryCount(of: pid)
  }

  private func writePidFiles(_ pid: Int32) throws(MonitorError) {
    for (path, number) in [(order.pidFile, pid), (order.monitorPidFile, CurrentProcess.id)] {
      guard let path else { continue }
      try step("write \(path)") { () throws(SystemError) in
        try FileTree.write(path, "\(number)", mode: 0o644)
      }
    }
  }

  private func startContainer() throws(MonitorError) {
    try pump { startRequested || stopRequested || initEnd != nil }
    if stopRequested { throw .stopped }
    guard initEnd == nil else {
      throw .runtime(ErrorReport(.unavailable, "the container's init ended before its start"))
    }
    let pipe = try step("make a pipe") { () throws(SystemError) in try OwnedDescriptor.pipe() }
    live.started = Clock.realtime()
    phase = .starting
    let end = try callRuntime(["start", order.id], descriptors: [(2, pipe.writeEnd.raw)])
    guard end == .exited(0) else {
      // Without our own end of it: a runtime that crashed has written nothing to wait for.
      let reader = pipe.split { readEnd, _ in readEnd }
      let text = try? Descriptor.read(reader.raw, upTo: Self.errorTextLimit)
      throw runtimeFailure("start", end, text: text ?? [])
    }
  }

  // MARK: - Steps down

  /// Records the end and tells it; the container's exit code.
  private func finishRun() throws(MonitorError) -> Int32 {
    guard let end = initEnd else { return 0 }
    killDeadline = nil
    timeoutDeadline = nil
    endHealthChecks()
    // Its own code, which no container can end with: 255 to whoever waits for the command.
    let code = hasTimedOut ? -1 : end.shellStatus
    hasTimedOut = false
    var exit = ExitRecord(code: code, finished: finished)
    if case .signaled(let signal) = end { exit.signal = signal }
    exit.outOfMemory = oomCount?.hasGrown ?? false
    exit.started = live.started ?? 0
    exit.restarts = live.restarts
    lastExit = exit
    writeExit(exit, next: startsAgain(afterCode: code) ? .restarting : .exited)
    note("died", [Event.Attribute(Event.exitCode, "\(code)")])
    // Everything the container wrote comes before its end. Only a stranger that holds its pipes
    // (a process of the host's pid namespace) can keep them open longer.
    let limit = Clock.monotonic() + Self.drainTime
    while streams.output != nil || streams.errors != nil {
      let congested = clients.contains { $0.isCongested }
      let deadline = congested ? Clock.monotonic() + Self.drainTime : limit
      let drained = try pump(deadline: deadline) { streams.output == nil && streams.errors == nil }
      if !drained && !clients.contains(where: { $0.isCongested }) && Clock.monotonic() >= limit {
        break
      }
      if stopRequested && congested { break }
    }
    log.finish()
    lastFrames = [
      .exit(
        .init(
          code: code, signal: UInt8(clamping: exit.signal ?? 0), outOfMemory: exit.outOfMemory))
    ]
    lastFrames.forEach(broadcast)
    return code
  }

  private func writeExit(_ exit: ExitRecord, next: LiveRecord.Status) {
    var exit = exit
    exit.stoppedByUser = isStoppedByUser
    phase = .ended
    live.code = exit.code
    live.finished = exit.finished
    live.outOfMemory = exit.outOfMemory
    // The disk is full or gone: the code is in the live record all the same, and clients are told.
    try? files.writeExit(exit)
    record(next)
  }

  /// A stop came while the next run was waited for or made: the last end is the end.
  private func endRestarts() {
    guard let lastExit else { return }
    writeExit(lastExit, next: .exited)
  }

  /// Waits before a restart; false when a stop came instead.
  private func wait(milliseconds: Int64) throws(MonitorError) -> Bool {
    clients.forEach { $0.isLeaving = true }
    clients.forEach(updateWatch)
    let deadline = Clock.monotonic() + milliseconds * 1_000_000
    guard try pump(deadline: deadline, until: { stopRequested }) else { return true }
    endRestarts()
    return false
  }

  private func prepareRestart() throws(MonitorError) {
    if isRestartCounted { live.restarts += 1 }
    isRestartCounted = true
    live.code = nil
    live.finished = nil
    live.outOfMemory = false
    live.started = nil
    live.startTime = nil
    live.health = nil
    restartRequested = false
    lastFrames = []
    initPid = nil
    initHandle = nil
    initEnd = nil
    oomCount = nil
    errorText = []
    phase = .creating
    abandonTime = nil
    startRequested = true
    watchedOutputs = (false, false)
    watchesInput = false
    streams = try step("make the container's streams") { () throws(SystemError) in
      try ContainerStreams(order)
    }
    updateStreamWatches()
  }

  /// The container did not come up: says why everywhere, and leaves nothing of it.
  private func fail(_ error: MonitorError) {
    if error == .stopped, lastExit != nil {
      signalInit(SignalSet.kill)
      endRestarts()
      deleteQuietly(["--force"])
      return
    }
    var exit = ExitRecord(code: error.exitCode, finished: Clock.realtime())
    exit.restarts = live.restarts
    exit.error = error.report.message
    endBegunRun()
    signalInit(SignalSet.kill)
    writeExit(exit, next: .exited)
    lastFrames = [.failure(error.report), .exit(.init(code: exit.code))]
    lastFrames.forEach(broadcast)
    deleteQuietly(["--force"])
  }

  /// Sends out what is queued, and makes sure no process stays behind.
  private func leave() {
    clients.forEach { $0.isLeaving = true }
    clients.forEach(updateWatch)
    // A loop that cannot be waited for has nobody to send to.
    _ = try? pump { !clients.contains { $0.isSync } || stopRequested }
    _ = try? pump(deadline: Clock.monotonic() + Self.drainTime) {
      clients.isEmpty && helper?.isGone ?? true
    }
    if order.afterExit.isEmpty {
      // What is left is on a tmpfs and told by the lock to be dead.
      try? FileTree.removeTree(order.runDirectory)
    }
  }
}
