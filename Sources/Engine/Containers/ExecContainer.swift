import Events
import LinuxSystem
import Model
import OCIRuntime
import OCISpec
import StateStore

/// What `exec` was asked for.
public struct ExecRequest: Sendable {
  public var command: [String] = []
  public var environment: [String] = []
  public var environmentFiles: [String] = []
  public var user: String?
  public var workingDirectory: String?
  public var terminal = false
  public var interactive = false
  public var privileged = false
  public var detached = false
  /// The keys that leave a process that has a terminal and our input running.
  public var detachKeys = DetachKeys.standard
  /// Descriptors 3 and up that the process inherits.
  public var preservedDescriptors = 0

  public init() {}

  /// Whether it has a terminal that the user types on, and can leave.
  public var canBeLeft: Bool { terminal && interactive && !detached }
}

/// Runs a further process in a container, by the container's runtime; no monitor is involved.
public struct ExecContainer {
  private let context: EngineContext
  private let store: ContainerStore

  public init(_ context: EngineContext) {
    self.context = context
    store = ContainerStore(context)
  }

  /// The process's exit status (128 + signal), or 0 at once when it is detached.
  public func run(_ id: String, _ request: ExecRequest) throws -> Int32 {
    let config = try store.load(id)
    let status = try StatusReader(store).read(id)
    guard let pid = status.pid else {
      throw EngineError.notRunning(config.name, state: status.word)
    }
    if case .paused = status { throw EngineError.paused(config.name) }
    let runtime = try RuntimeProgram(config.lifecycle.runtime, context)
    try RuntimeCall(context).enterNamespaces(id, pid)
    let process = try makeProcess(config, request, pid)
    let session = RandomName.hexadecimal(try CurrentProcess.randomBytes(32))
    context.note("exec", config, facts: [Event.exec: session])
    if runtime.isLinked, !request.detached, !request.canBeLeft,
      // What a process does in a namespace of the container's alone it cannot undo.
      Namespace.user.identity(of: "\(pid)") == Namespace.user.identity()
    {
      return try attend(config, session) { try runHere(config, request, process) }.shellStatus
    }
    return try runProgram(runtime, config, request, process, session)
  }

  /// Makes the call of our own runtime in this process: to start its program and to talk to it through
  /// files would take a third of the whole time.
  private func runHere(
    _ config: ContainerConfig, _ request: ExecRequest, _ process: RuntimeProcess
  ) throws -> ProcessEnd {
    if !request.interactive {
      let null = try OwnedDescriptor.open("/dev/null")
      try Descriptor.replace(0, with: null.raw)
    }
    let files = CallerFiles()
    defer { files.restoreOwners() }
    var runtime = RuntimeContext()
    runtime.root = context.runtimeState
    var call = ExecProcess(config.id, .document(process), context: runtime)
    call.preservedDescriptors = Int32(request.preservedDescriptors)
    do throws(RuntimeError) { return .exited(try call.run()) } catch {
      throw RuntimeLog.report(error.report.message, command: request.command)
    }
  }

  private func runProgram(
    _ runtime: RuntimeProgram, _ config: ContainerConfig, _ request: ExecRequest,
    _ process: RuntimeProcess, _ session: String
  ) throws -> Int32 {
    let log = try OwnedDescriptor.anonymousFile("log")
    let description = try OwnedDescriptor.anonymousFile(
      "process", content: String(decoding: process.encoded(), as: UTF8.self))
    let files = CallerFiles()
    let call = { console in
      try run(
        runtime, config, request, console, log: log.raw, description: description.raw)
    }
    let end =
      if request.detached {
        try detach(config, session, keepsTerminal: request.terminal, call)
      } else if request.canBeLeft || (request.terminal && !runtime.isLinked) {
        // crun and runc connect a terminal with one of their own alone, or with a socket.
        try hold(config, request, session, call)
      } else {
        try attend(config, session) { try call(nil) }
      }
    files.restoreOwners()
    if end != .exited(0), let report = try RuntimeLog.report(log.raw, command: request.command) {
      // The codes of a command are for those who wait for one.
      throw request.detached
        ? ErrorReport(.unavailable, report.message, hint: report.hint) : report
    }
    return end.shellStatus
  }

  /// Notes the session for as long as the call lasts, and its end.
  private func attend(
    _ config: ContainerConfig, _ session: String, _ call: () throws -> ProcessEnd
  ) throws -> ProcessEnd {
    let sessions = ExecSessions(live: store.liveDirectory(config.id))
    // What the tmpfs has no room for is only missing in `inspect`.
    try? sessions.begin(session)
    defer { sessions.end(session) }
    let end = try call()
    noteEnd(config, session, end)
    return end
  }

  private func noteEnd(_ config: ContainerConfig, _ session: String, _ end: ProcessEnd) {
    context.note(
      "exec_died", config, exitCode: end.shellStatus, facts: [Event.exec: session])
  }

  /// Makes the call in a process that stays until the runtime's orphan, the command, has ended.
  ///
  /// `keepsTerminal`: that process has the terminal's master side, and drops what comes.
  private func detach(
    _ config: ContainerConfig, _ session: String, keepsTerminal: Bool,
    _ call: (String?) throws -> ProcessEnd
  ) throws -> ProcessEnd {
    let pipe = try OwnedDescriptor.pipe()
    let writer = pipe.writeEnd.raw
    let child = try ChildProcess.spawn {
      do {
        try CurrentProcess.startSession()
        try CurrentProcess.becomeSubreaper()
        let tellStart = {
          try Descriptor.writeAll(writer, "started")
          Descriptor.close(writer)
        }
        // Its exit status says it all; the log is the caller's too.
        return keepsTerminal
          ? try keep(config, session, client: nil, whenStarted: tellStart, call)
          : try stay(config, session, whenStarted: tellStart) { try call(nil) }
      } catch { return 125 }
    }
    // Ours is closed: the pipe ends with the child's.
    let reader = pipe.split { readEnd, _ in readEnd }
    if try !Descriptor.read(reader.raw, upTo: 7).isEmpty { return .exited(0) }
    return try child.wait()
  }

  /// Makes the call, and waits for the command's end.
  ///
  /// - Returns: the status of a call that failed.
  private func stay(
    _ config: ContainerConfig, _ session: String, whenStarted: () throws -> Void,
    _ call: () throws -> ProcessEnd
  ) throws -> Int32 {
    let sessions = ExecSessions(live: store.liveDirectory(config.id))
    try? sessions.begin(session)
    defer { sessions.end(session) }
    let started = try call()
    try leaveStreams()
    guard started == .exited(0), let pid = CurrentProcess.children().first else {
      return started.shellStatus
    }
    try whenStarted()
    let end = try ChildProcess.reap(pid)
    sessions.end(session)
    noteEnd(config, session, end)
    return 0
  }

  /// Attaches to a keeper that makes the call, until the process ends or its user leaves.
  private func hold(
    _ config: ContainerConfig, _ request: ExecRequest, _ session: String,
    _ call: (String?) throws -> ProcessEnd
  ) throws -> ProcessEnd {
    let ends = try SocketPair.stream()
    let (ours, socket) = (ends.first.raw, ends.second.raw)
    let child = try ChildProcess.spawn {
      // Else the client's end would not be the socket's.
      Descriptor.close(ours)
      do {
        try CurrentProcess.startSession()
        try CurrentProcess.becomeSubreaper()
        return try keep(config, session, client: socket, call)
      } catch {
        try? UnixSocket.sendAll(socket, AttachFrame.failure(reportOf(error)).bytes)
        return 125
      }
    }
    var attached = AttachSession(
      socket: ends.takeFirst(),
      streams: request.interactive ? [.standardInput, .standardOutput] : .standardOutput,
      isTerminal: true,
      detachKeys: request.detachKeys, passesSignals: true)
    switch try attached.run() {
    case .exited(let end): return .exited(end.code)
    case .detached: return .exited(0)
    // What a program ends with that SIGPIPE has killed.
    case .outputClosed: return .signaled(SignalDescriptor.brokenPipe)
    case .failed(let report): throw report
    case .monitorLost:
      _ = try child.wait()
      throw ErrorReport(.unavailable, "the process that looks after this one is gone")
    }
  }

  /// The keeper's life; its client, if there is one, is told how it went.
  ///
  /// - Returns: the status of a call that failed.
  private func keep(
    _ config: ContainerConfig, _ session: String, client: Int32?,
    whenStarted: () throws -> Void = {}, _ call: (String?) throws -> ProcessEnd
  ) throws -> Int32 {
    let live = store.liveDirectory(config.id)
    let sessions = ExecSessions(live: live)
    // The process may already be seen before the runtime has returned.
    try? sessions.begin(session)
    defer { sessions.end(session) }
    let started = try ExecKeeper.start(in: live, session: session, call)
    try leaveStreams()
    switch consume started {
    case .failed(let end):
      if let client {
        try UnixSocket.sendAll(client, AttachFrame.exit(.init(code: end.shellStatus)).bytes)
      }
      return end.shellStatus
    case .process(let pid, let terminal):
      try whenStarted()
      var keeper = try ExecKeeper(pid: pid, terminal: terminal, client: client)
      let end = try keeper.relay()
      sessions.end(session)
      noteEnd(config, session, end)
      keeper.finish(end.shellStatus)
      return 0
    }
  }

  /// Nobody who waits for the end of our streams shall wait for the command's.
  private func leaveStreams() throws(SystemError) {
    let null = try OwnedDescriptor.open("/dev/null", [.readWrite])
    for fd in Int32(0)...2 { try Descriptor.replace(fd, with: null.raw) }
  }

  private func makeProcess(_ config: ContainerConfig, _ request: ExecRequest, _ pid: Int32) throws
    -> RuntimeProcess
  {
    let root = try RootDirectory("/proc/\(pid)/root")
    let lookup = try UserLookup(root: root)
    let standard = config.namespaces.userns
      .defaultUser(context.uid, context.gid)
    let fallback = config.process.user.isEmpty ? standard : config.process.user
    var exec = config
    exec.process.command = request.command
    exec.process.entrypoint = []
    exec.process.terminal = request.terminal
    exec.lifecycle.initProcess = false
    var merged = ContainerRequest()
    merged.environment = request.environment
    merged.environmentFiles = request.environmentFiles
    exec.process.environment = try EnvironmentMerge.merge(config.process.environment, merged)
    if let directory = request.workingDirectory { exec.process.workingDirectory = directory }
    if request.privileged { exec.security.privileged = true }
    var facts = StageFacts(
      rootfs: "/",
      user: try lookup.resolve(request.user ?? fallback, groups: config.process.addedGroups),
      capabilities: try Capability.boundingNames(), isMachineRoot: context.uid == 0,
      hasCgroup2: false, mapsTerminalGroup: false)
    facts.secretVariables = try SecretFiles(context: context, config: config, nested: nil)
      .variables()
    var process = try SpecBuilder(config: exec, facts: facts).process()
    if request.canBeLeft, let size = PseudoTerminal.standardSize {
      process.consoleSize = RuntimeConsoleSize(height: size.rows, width: size.columns)
    }
    return process
  }

  private func run(
    _ runtime: RuntimeProgram, _ config: ContainerConfig, _ request: ExecRequest,
    _ console: String?, log: Int32, description: Int32
  ) throws -> ProcessEnd {
    // Above whatever descriptors the process is to inherit.
    let first = Int32(3 + request.preservedDescriptors)
    var arguments =
      context.runtimeArguments + [
        "--log", "/proc/self/fd/\(first)", "--log-format", "json",
        "exec", "--process", "/proc/self/fd/\(first + 1)",
      ]
    if request.terminal { arguments.append("--tty") }
    // The runtime does not stay: nobody waits, or a keeper has the terminal.
    let leaves = request.detached || console != nil
    if leaves { arguments.append("--detach") }
    if let console { arguments += ["--console-socket", console] }
    if request.preservedDescriptors > 0 {
      arguments += ["--preserve-fds", "\(request.preservedDescriptors)"]
    }
    var program = Program(
      runtime.path, arguments + [config.id],
      environment: context.helperEnvironment + runtime.environment)
    program.isProtected = runtime.isProtected
    program.descriptors = [(first, log), (first + 1, description)]
    for fd in 3..<first { program.descriptors.append((fd, fd)) }
    let null = try OwnedDescriptor.open("/dev/null", [.readWrite])
    if !request.interactive || console != nil { program.descriptors.append((0, null.raw)) }
    if leaves { program.descriptors += [(1, null.raw), (2, null.raw)] }
    let child = try program.start()
    let signals = try SignalDescriptor()
    var loop = try EventLoop()
    try loop.add(child.pidfd.raw)
    try loop.add(signals.descriptor.raw)
    while true {
      for ready in try loop.wait(milliseconds: -1).map(\.descriptor) {
        if ready == child.pidfd.raw { return try child.wait() }
        while let signal = try signals.next() {
          if signal == SignalDescriptor.childEnded || signal == SignalDescriptor.brokenPipe {
            continue
          }
          // It may have ended since; then waiting tells.
          try? child.kill(signal)
        }
      }
    }
  }
}

/// What an OCI runtime wrote to its `--log` file, given a meaning.
enum RuntimeLog {
  /// Nil when it holds no error: then the exit status is the process's own.
  static func report(_ log: Int32, command: [String]) throws -> ErrorReport? {
    try Descriptor.rewind(log)
    let text = String(decoding: try Descriptor.read(log, upTo: 65_536), as: UTF8.self)
    for line in text.split(separator: "\n").reversed() {
      guard let value = try? JSONValue(parsing: Array(line.utf8)), case .object(let entry) = value,
        case .string(let message)? = entry.find("msg"),
        case .string(let level)? = entry.find("level"), level == "error" || level == "fatal"
      else { continue }
      return report(message, command: command)
    }
    return nil
  }

  /// An error's text, given a meaning.
  static func report(_ message: String, command: [String]) -> ErrorReport {
    // crun does not say which.
    let isNameless = message.hasPrefix("open executable:")
    return ErrorReport(
      RuntimeMessage.kind(of: message),
      isNameless ? "\(command.first ?? ""): \(message)" : message)
  }
}
