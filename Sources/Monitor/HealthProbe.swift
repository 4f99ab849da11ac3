import LinuxSystem
import Model

/// One probe that is running.
final class HealthProbe {
  /// What was started for it.
  struct Start: ~Copyable {
    /// The probed process, or the runtime, whose end is the process's.
    var child: ChildProcess
    /// Where the runtime tells the process's pid; nil: it is the child.
    var pidFile: String?
  }

  private let child: ChildProcess
  let started = Clock.realtime()
  /// When it has taken too long, by the monotonic clock.
  var deadline: Int64
  private(set) var timedOut = false
  /// Nil when both outputs have ended.
  private(set) var output: HeldDescriptor?
  private var text: [UInt8] = []
  private let limit: Int
  private let pidFile: String?

  var pid: Int32 { child.pid }

  /// Starts it by `start`, which gets the descriptors 0 to 2.
  init(
    timeout: Int64, limit: Int,
    start: ([(child: Int32, ours: Int32)]) throws(SystemError) -> Start
  ) throws(SystemError) {
    let pipe = try HeldDescriptor.pipe()
    let null = try OwnedDescriptor.open("/dev/null")
    try Descriptor.setNonBlocking(pipe.readEnd.raw, true)
    let start = try start([(0, null.raw), (1, pipe.writeEnd.raw), (2, pipe.writeEnd.raw)])
    pidFile = start.pidFile
    child = start.child
    output = pipe.readEnd
    deadline = Clock.monotonic() + timeout
    self.limit = limit
  }

  /// Reads what has come; what is past the limit is forgotten.
  func read(using buffer: inout [UInt8]) {
    guard let source = output else { return }
    do throws(SystemError) {
      while let count = try Descriptor.readNow(
        source.raw, into: &buffer, at: 0, limit: buffer.count)
      {
        guard count > 0 else {
          output = nil
          return
        }
        text += buffer[..<min(count, limit - text.count)]
      }
    } catch { output = nil }
  }

  /// Kills the probe; a runtime then ends by itself, and is killed when called again.
  func expire(_ now: Int64) {
    let grace: Int64 = 1_000_000_000
    let isFirst = !timedOut
    timedOut = true
    deadline = now + grace
    if isFirst && killProbed() { return }
    // Failure is fine: what has gone is reported by its end.
    try? child.kill(SignalSet.kill)
  }

  /// Kills the process in the container, if it is a child of the runtime's.
  private func killProbed() -> Bool {
    guard let pidFile, let text = try? FileTree.readText(pidFile, limit: 64),
      let number = Int32(text.prefix { $0.isNumber }), number > 0,
      let found = try? ProcessHandle.find(number),
      let stat = try? FileTree.readText("/proc/\(number)/stat", limit: 4_096),
      let close = stat.lastIndex(of: ")")
    else { return false }
    let fields = stat[stat.index(after: close)...].split(separator: " ")
    guard fields.count > 1, fields[1] == "\(pid)" else { return false }
    return (try? found.kill(SignalSet.kill)) == true
  }

  /// Its result, once its child has ended.
  func entry(_ end: ProcessEnd, using buffer: inout [UInt8]) -> HealthRecord.Entry {
    read(using: &buffer)
    var output = String(decoding: text, as: UTF8.self)
    if timedOut { output += output.isEmpty ? "the probe took too long" : "" }
    return HealthRecord.Entry(
      start: started, end: Clock.realtime(), code: timedOut ? -1 : end.shellStatus, output: output)
  }
}
