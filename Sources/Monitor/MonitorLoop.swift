import LinuxSystem
public import Model

/// One container's monitor: its parent, the other end of its streams, and the writer of its
/// records.
///
/// One thread; everything waits in `pump`.
///
/// The sequence is in `MonitorLoop+Run`, what happens on events in `MonitorLoop+Events`.
public final class MonitorLoop {
  /// What the event loop's tokens mean; clients count up from `firstClient`.
  enum Token {
    static let signals: UInt64 = 1
    static let listener: UInt64 = 2
    static let output: UInt64 = 3
    static let errors: UInt64 = 4
    static let input: UInt64 = 5
    static let networkReady: UInt64 = 6
    static let networkErrors: UInt64 = 7
    static let probe: UInt64 = 8
    static let notify: UInt64 = 9
    static let started: UInt64 = 10
    static let firstClient: UInt64 = 16
  }

  enum Phase { case creating, created, starting, running, ended }

  static let bufferSize = 8_192
  static let errorTextLimit = 16_384
  /// How long a container has run when the monitor gives back memory, in nanoseconds.
  static let trimDelay: Int64 = 50_000_000

  let order: MonitorOrder
  /// Whether a container could change the runtime's file (CVE-2019-5736).
  let isRuntimeInReach: Bool
  /// The command line of our own runtime, where it is called without its program.
  ///
  /// Within reach it would run its own file again, which is not the runtime's here.
  let linkedRuntime: LinkedRuntime?
  /// The first run, if it was begun before there was a loop.
  var begun: BegunRun?
  let files: RunFiles
  let log: LogWriter
  var loop: EventLoop
  let signals: SignalDescriptor
  let listener: HeldDescriptor
  var clients: [AttachClient] = []
  var nextToken = Token.firstClient

  var streams: ContainerStreams
  /// Watched streams, so that a pause takes them out of the loop (a hang-up cannot be masked).
  var watchedOutputs: (output: Bool, errors: Bool) = (false, false)
  var watchesInput = false
  var isDraining = false
  /// Header space, then a piece of output; or a piece of a client's bytes.
  var buffer = [UInt8].untouched(count: AttachFrame.headerSize + MonitorLoop.bufferSize)
  /// What the runtime wrote to the container's standard error before it had created it.
  var errorText: [UInt8] = []

  var helper: NetworkHelper?
  var helperDeadline: Int64?
  /// The runtime has nothing of the container any more.
  var runtimeForgot = false
  var runtimePid: Int32?
  var runtimeEnd: ProcessEnd?
  /// `BegunRun.started` while that run goes on.
  var runtimeWord: HeldDescriptor?
  var initPid: Int32?
  var initHandle: ProcessHandle?
  var initEnd: ProcessEnd?
  var oomCount: OutOfMemoryCount?

  let notify: NotifyRelay?
  /// Of the run that is on; nil without a health check.
  var health: HealthState?
  var probe: HealthProbe?
  /// How the probes of a document are started without the runtime's call, once that was asked for.
  var preparedProbe: (document: String, start: LinkedRuntime.Start?)?
  /// The clients that wait for the probe's result.
  var probeClients: [UInt64] = []
  /// The run ends to begin again, whatever the policy says.
  var restartRequested = false
  /// False for a restart that a client wanted.
  var isRestartCounted = true
  /// What the container is called by now.
  var name: String

  var phase = Phase.creating
  var live: LiveRecord
  var startRequested: Bool
  /// Set by a stop: the container is not started again.
  var stopRequested = false
  /// When a runtime that still has not made or started the container is given up, by the monotonic
  /// clock; set by a stop.
  var abandonTime: Int64?
  /// The stop was a client's wish, not the machine's.
  var isStoppedByUser = false
  var restartPolicy: RestartPolicy
  /// Of the runs to come.
  var healthOrder: HealthOrder?
  /// Of the run before, while the next one comes up.
  var lastExit: ExitRecord?
  var killDeadline: Int64?
  var timeoutDeadline: Int64?
  /// The container was killed because its time (`--timeout`) was over.
  var hasTimedOut = false
  /// When memory that is no longer needed is given back.
  var trimTime: Int64?
  var finished: Int64 = 0
  /// Told to clients that attach when all is over.
  var lastFrames: [AttachFrame] = []

  /// Takes over the sync socket, if there is one, and prepares everything that can fail before a
  /// container exists.
  public init(_ order: MonitorOrder, sync: Int32?, linkedRuntime: LinkedRuntime? = nil)
    throws(MonitorError)
  {
    self.order = order
    isRuntimeInReach =
      RuntimePath.isOurs(order.runtime)
      && !CurrentProcess.environment.contains(RuntimePath.outOfReach)
    self.linkedRuntime = order.runtimeIsLinked && !isRuntimeInReach ? linkedRuntime : nil
    begun = BegunRun(order)
    files = try step("open the run directory") { () throws(SystemError) in try RunFiles(order) }
    log = try step("open the log") { () throws(SystemError) in try LogWriter(order.log) }
    live = LiveRecord(
      status: .creating, monitor: CurrentProcess.id, bootID: BootID.current)
    live.restarts = order.restarts
    restartPolicy = order.restart
    healthOrder = order.health
    name = order.name
    startRequested = order.startsNow
    let files = files
    notify = try step("make the notification socket") { () throws(SystemError) in
      try order.notify.map { order throws(SystemError) in try NotifyRelay(order) }
    }
    let notify = notify
    loop = try step("make an event loop") { () throws(SystemError) in try EventLoop() }
    signals = try step("block signals") { () throws(SystemError) in
      try SignalSet.ignore(SignalSet.hangUp)
      try SignalSet.ignore(SignalSet.pipe)
      return try SignalDescriptor([
        SignalSet.terminate, SignalSet.interrupt, SignalSet.quit, SignalSet.child,
      ])
    }
    listener = try step("listen for clients") { () throws(SystemError) in
      HeldDescriptor(try UnixSocket.listen(directory: files.handle.raw, name: "attach"))
    }
    streams = try step("make the container's streams") { () throws(SystemError) in
      try order.begunRun == nil ? ContainerStreams(order) : ContainerStreams(ofBegunRun: order)
    }
    try step("watch for events") { () throws(SystemError) in
      try Descriptor.setNonBlocking(listener.raw, true)
      try loop.add(signals.descriptor.raw, .readable, token: Token.signals)
      try loop.add(listener.raw, .readable, token: Token.listener)
      if let socket = notify?.listener {
        try loop.add(socket.raw, .readable, token: Token.notify)
      }
      try files.write("monitor.pid", "\(CurrentProcess.id)\n")
      try files.write("state", live.record.text)
      if let sync { try addClient(OwnedDescriptor(owning: sync), isSync: true) }
    }
  }

  // MARK: - Records and messages

  /// Changes the live record and writes it.
  func record(_ status: LiveRecord.Status) {
    live.status = status
    live.pid = initPid
    // Failure is fine: readers then take the record for what the lock and the process say.
    try? files.write("state", live.record.text)
  }

  /// Tells every client that has attached.
  func broadcast(_ frame: AttachFrame) {
    for client in clients where client.streams != nil {
      client.send(frame)
      updateWatch(client)
    }
  }

  /// Stops the container: the stop signal now, SIGKILL after `milliseconds`.
  ///
  /// It is not started again.
  func stop(milliseconds: Int64) {
    stopRequested = true
    switch phase {
    // While it starts its first instruction may be run or not; the stop follows the start.
    case .creating, .starting: abandonRuntime(after: milliseconds)
    case .ended: break
    case .created: signalInit(SignalSet.kill)
    case .running:
      record(.stopping)
      signalInit(order.stopSignal)
      killDeadline = Clock.monotonic() + milliseconds * 1_000_000
    }
  }

  func signalInit(_ signal: Int32) {
    guard initEnd == nil else { return }
    // Failure is fine: an init that is gone has its end reported anyway.
    _ = try? initHandle?.kill(signal)
  }
}
