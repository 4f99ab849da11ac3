import LinuxSystem
import Model
import Testing

/// A monitor process in a directory of its own, driven over its sync socket.
///
/// Its runtime is a shell script, unless a test names another: `create` leaves a background shell
/// that waits for `start` and then executes the bundle's `init` script.
final class MonitorFixture {
  static let binary: String = {
    let own = (try? CurrentProcess.executablePath()) ?? ""
    return own[..<(own.lastIndex(of: "/") ?? own.startIndex)] + "/martlet-monitor"
  }()

  let directory: String
  var order: MonitorOrder
  private(set) var frames: [AttachFrame] = []
  private(set) var isClosed = false
  private var sync: OwnedDescriptor?
  private var lock: FileLock?
  private var monitor: ChildProcess?
  private var reader = AttachFrameReader()

  init(initScript: String) throws {
    // A monitor that has ended is seen by what it sent, not by the tests' own end.
    try SignalSet.ignore(SignalSet.pipe)
    let random = try CurrentProcess.randomBytes(6).map { String($0, radix: 16) }.joined()
    directory = "/tmp/martlet-monitor-test-\(random)"
    for part in ["bundle", "run", "data"] {
      try FileTree.ensureDirectory("\(directory)/\(part)", mode: 0o700)
    }
    try FileTree.write("\(directory)/runtime", Self.runtimeScript, mode: 0o700)
    try FileTree.write("\(directory)/bundle/init", initScript)
    for name in ["go", "alive"] { try FileTree.makeFIFO("\(directory)/bundle/\(name)") }
    order = MonitorOrder(
      id: "test", runtime: "\(directory)/runtime", bundle: "\(directory)/bundle",
      runDirectory: "\(directory)/run")
    order.exitRecord = "\(directory)/data/exit"
    order.log = .init(driver: .k8sFile, path: "\(directory)/data/log")
    order.attached = [.standardInput, .standardOutput, .standardError]
    order.afterExit = ["/bin/true"]
  }

  deinit {
    try? monitor?.kill(SignalSet.kill)
    _ = try? monitor?.wait()
    try? FileTree.removeTree(directory)
  }

  /// A runtime that knows what the monitor needs of one.
  private static let runtimeScript = """
    #!/bin/sh
    command=$1; shift
    here=${0%/*}
    echo "$command $*" >> "$here/calls"
    # Our own runtime: its messages go to a log, and one call creates and starts.
    if [ "$command" = --log ]; then
      log=$1 bundle=$5 pidfile=$7
      if [ -e "$bundle/warn" ]; then cat "$bundle/warn" >> "$log"; fi
      if [ -e "$bundle/refuse" ]; then cat "$bundle/refuse" >> "$log"; exit 1; fi
      exec 9<&0 8<>"$bundle/alive" 7<"$bundle/alive"
      # What ends before this shell would be reaped by it, and its status lost: it begins when the
      # shell's end of the pipe is closed.
      ( exec 8<&-; read gone <&7; exec sh "$bundle/init" <&9 9<&- 7<&- ) &
      echo $! > "$pidfile"
      if [ -e "$bundle/reap" ]; then exec 8<&-; wait; fi
      exit 0
    fi
    case $command in
    create)
      bundle=$2 pidfile=$4
      if [ -e "$bundle/refuse" ]; then cat "$bundle/refuse" >&2; exit 1; fi
      exec 9<&0
      ( read go < "$bundle/go"; exec sh "$bundle/init" ) <&9 9<&- &
      echo $! > "$pidfile" ;;
    start)
      if [ -e "$here/bundle/refuse-start" ]; then echo "exec: no start" >&2; exit 1; fi
      echo go > "$here/bundle/go" ;;
    esac

    """

  /// Gives the runtime the name that the monitor knows as its own.
  func usesOwnRuntime() throws {
    try FileTree.rename("\(directory)/runtime", to: "\(directory)/martlet-oci")
    order.runtime = "\(directory)/martlet-oci"
  }

  /// Starts the monitor with the order, by a process that first begins the container's run: `script`,
  /// whose gate is descriptor 3, whose messages go to 4, and that may tell by 5 that it has succeeded.
  func launch(beginning script: String) throws {
    let gate = try OwnedDescriptor.pipe()
    let messages = try OwnedDescriptor.pipe()
    let started = try OwnedDescriptor.pipe()
    let output = try OwnedDescriptor.pipe()
    let errors = try OwnedDescriptor.pipe()
    let pair = try UnixSocket.pair()
    lock = try FileLock("\(directory)/run/monitor.lock")
    try FileTree.write("\(directory)/order", order.record.text)
    // A shell, since a copy of this process with its threads may find malloc(3) locked.
    let beginning = """
      sh -c "$1" "$0" 4>&6 5>&7 6>&- 7>&- 8>&- 9>&- &
      echo "begun-run $!" >> "$0/order"
      exec "$2" --id "$3" 3< "$0/order" 6>&- 7>&-
      """
    var program = Program("/bin/sh", ["-c", beginning, directory, script, Self.binary, order.id])
    program.descriptors = [
      (1, output.writeEnd.raw), (2, errors.writeEnd.raw), (3, gate.readEnd.raw),
      (MonitorOrder.syncDescriptor, pair.writeEnd.raw),
      (MonitorOrder.lockDescriptor, lock?.descriptor ?? -1),
      (6, messages.writeEnd.raw), (7, started.writeEnd.raw),
      (MonitorOrder.gateDescriptor, gate.writeEnd.raw),
      (MonitorOrder.messageDescriptor, messages.readEnd.raw),
      (MonitorOrder.startedDescriptor, started.readEnd.raw),
      (MonitorOrder.outputDescriptor, output.readEnd.raw),
      (MonitorOrder.errorDescriptor, errors.readEnd.raw),
    ]
    monitor = try program.start()
    lock = nil
    sync = pair.split { ours, theirs in ours }
  }

  /// Starts the monitor with the order.
  func launch() throws {
    let pair = try UnixSocket.pair()
    let orderPipe = try OwnedDescriptor.pipe()
    let text = order.record.text
    try Descriptor.writeAll(orderPipe.writeEnd.raw, text)
    lock = try FileLock("\(directory)/run/monitor.lock")
    var program = Program(Self.binary, ["--id", order.id])
    if order.runtimeIsLinked {
      program.environment = CurrentProcess.environment + [RuntimePath.outOfReach]
    }
    program.descriptors = [
      (3, orderPipe.readEnd.raw), (4, pair.writeEnd.raw), (5, lock?.descriptor ?? -1),
    ]
    let readEnd = orderPipe.split { readEnd, writeEnd in readEnd }
    monitor = try program.start()
    lock = nil
    _ = consume readEnd
    sync = pair.split { ours, theirs in ours }
  }

  func send(_ frame: AttachFrame) throws {
    guard let sync = sync?.raw else { return }
    try Descriptor.writeAll(sync, frame.bytes)
  }

  func closeSync() { sync = nil }

  /// Another client, attached over the socket in the run directory.
  func attach(_ streams: AttachStreams) throws -> AttachedClient {
    let client = AttachedClient(try UnixSocket.connect(path: "\(directory)/run/attach"))
    try client.send(.attach(streams))
    return client
  }

  /// Reads frames until one satisfies `found` or the monitor hangs up; fails after 20 seconds.
  @discardableResult
  func wait(for found: (AttachFrame) -> Bool) throws -> AttachFrame? {
    guard let sync = sync?.raw else { return nil }
    while true {
      while let frame = reader.next() {
        frames.append(frame)
        if found(frame) { return frame }
      }
      try #require(try Descriptor.waitReadable(sync, milliseconds: 20_000), "no frame came")
      let bytes = (try? Descriptor.read(sync, upTo: 65_536)) ?? []
      if bytes.isEmpty {
        isClosed = true
        return nil
      }
      reader.append(bytes)
    }
  }

  /// Reads to the monitor's end and reaps it.
  func finish() throws {
    try wait { _ in false }
    closeSync()
    try waitForMonitor()
  }

  /// Waits for the monitor's own end and reaps it.
  func waitForMonitor() throws {
    guard let process = monitor.take() else { return }
    let ended = try Descriptor.waitReadable(process.pidfd.raw, milliseconds: 20_000)
    try #require(ended, "the monitor did not end")
    _ = try process.wait()
  }

  func kill() throws {
    guard let process = monitor.take() else { return }
    try process.kill(SignalSet.kill)
    _ = try process.wait()
  }

  func signal(_ signal: Int32) throws { try monitor?.kill(signal) }

  var monitorID: Int32 { monitor?.pid ?? -1 }

  /// Whether the process ends within 20 seconds.
  static func hasEnded(_ pid: Int32) throws -> Bool {
    guard let process = try ProcessHandle.find(pid) else { return true }
    return try process.waitForEnd(milliseconds: 20_000)
  }

  var output: [UInt8] {
    frames.flatMap { frame -> [UInt8] in
      if case .standardOutput(let bytes) = frame { bytes } else { [] }
    }
  }
  var errors: [UInt8] {
    frames.flatMap { frame -> [UInt8] in
      if case .standardError(let bytes) = frame { bytes } else { [] }
    }
  }
  var exit: AttachFrame.ExitCode? {
    for case .exit(let code) in frames { return code }
    return nil
  }
  var failure: ErrorReport? {
    for case .failure(let report) in frames { return report }
    return nil
  }
  var exitRecord: ExitRecord? {
    LineRecord(parsing: text("data/exit")).flatMap { ExitRecord($0) }
  }
  var liveRecord: LiveRecord? {
    LineRecord(parsing: text("run/state")).flatMap { LiveRecord($0) }
  }

  /// The first words of the runtime's calls: commands, and `--log` for those that have a log.
  var calls: [Substring] {
    text("calls").split(separator: "\n").map { $0.prefix { $0 != " " } }
  }

  /// A file's content below the fixture's directory; empty when missing.
  func text(_ name: String) -> String {
    (try? FileTree.readText("\(directory)/\(name)")) ?? ""
  }

  /// The log's records without their timestamps.
  func logRecords(_ name: String = "data/log") -> [String] {
    text(name).split(whereSeparator: \.isNewline).map { line in
      String(line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)[1])
    }
  }
}

/// A client of the attach protocol.
final class AttachedClient {
  private let socket: OwnedDescriptor
  private var reader = AttachFrameReader()
  private(set) var frames: [AttachFrame] = []

  init(_ socket: consuming OwnedDescriptor) { self.socket = socket }

  func send(_ frame: AttachFrame) throws { try Descriptor.writeAll(socket.raw, frame.bytes) }

  /// Reads frames until one satisfies `found` or the monitor hangs up; fails after a while.
  @discardableResult
  func wait(for found: (AttachFrame) -> Bool) throws -> AttachFrame? {
    while true {
      while let frame = reader.next() {
        frames.append(frame)
        if found(frame) { return frame }
      }
      let ready = try Descriptor.waitReadable(socket.raw, milliseconds: 20_000)
      try #require(ready, "no frame came")
      let bytes = (try? Descriptor.read(socket.raw, upTo: 65_536)) ?? []
      if bytes.isEmpty { return nil }
      reader.append(bytes)
    }
  }

  var output: [UInt8] {
    frames.flatMap { frame -> [UInt8] in
      if case .standardOutput(let bytes) = frame { bytes } else { [] }
    }
  }
}

extension [UInt8] {
  var asText: String { String(decoding: self, as: UTF8.self) }
}
