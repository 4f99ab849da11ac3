import LinuxSystem
import Model

/// The program that connects the container's network namespace, from its start to its end.
final class NetworkHelper {
  private static let textLimit = 4_096
  private static let requestTimeout: Int32 = 5_000

  enum Condition: Equatable {
    case starting, ready
    case ended(ProcessEnd)
  }

  private let order: NetworkHelperOrder
  private(set) var condition = Condition.starting
  /// The process that was started, until it has ended.
  private(set) var pid: Int32?
  /// The process that went on in the background, until it has ended.
  private(set) var background: Int32?
  /// Where it tells that it is ready, until then.
  private(set) var readiness: HeldDescriptor?
  private(set) var errors: HeldDescriptor?
  /// Its end tells the helper to leave.
  private var lifeline: HeldDescriptor?
  private var text: [UInt8] = []

  private var name: String {
    order.arguments[0].split(separator: "/").last.map(String.init) ?? order.arguments[0]
  }

  /// Starts it.
  ///
  /// It has no descriptors but its error pipe and the ones in the order.
  init(_ order: NetworkHelperOrder) throws(SystemError) {
    self.order = order
    let null = try OwnedDescriptor.open("/dev/null", [.readWrite])
    let errorPipe = try HeldDescriptor.pipe()
    var program = Program(order.arguments[0], Array(order.arguments.dropFirst()))
    program.descriptors = [(0, null.raw), (1, null.raw), (2, errorPipe.writeEnd.raw)]
    var given: [HeldDescriptor] = []
    if case .descriptor(let number) = order.readiness {
      let pipe = try HeldDescriptor.pipe()
      program.descriptors.append((number, pipe.writeEnd.raw))
      readiness = pipe.readEnd
      given.append(pipe.writeEnd)
    }
    if let number = order.exitDescriptor {
      let pipe = try HeldDescriptor.pipe()
      program.descriptors.append((number, pipe.readEnd.raw))
      lifeline = pipe.writeEnd
      given.append(pipe.readEnd)
    }
    pid = try program.start().pid
    withExtendedLifetime(given) {}
    try Descriptor.setNonBlocking(errorPipe.readEnd.raw, true)
    errors = errorPipe.readEnd
  }

  /// Reads what it says, keeping the end of it for an error message.
  func readErrors(using buffer: inout [UInt8]) {
    guard let errors else { return }
    do throws(SystemError) {
      guard
        let count = try Descriptor.readNow(errors.raw, into: &buffer, at: 0, limit: buffer.count)
      else { return }
      if count == 0 { self.errors = nil }
      if condition != .ready { text = (text + buffer[..<count]).suffix(Self.textLimit) }
    } catch {
      self.errors = nil
    }
  }

  /// The readiness descriptor can be read: it is ready, or has closed it without a word.
  func readReadiness() {
    guard let readiness else { return }
    let word = (try? Descriptor.read(readiness.raw, upTo: 16)) ?? []
    self.readiness = nil
    if !word.isEmpty && condition == .starting { condition = .ready }
  }

  /// A child of ours has ended; whether it was the helper.
  func ended(_ ended: Int32, _ end: ProcessEnd) -> Bool {
    switch ended {
    case pid:
      pid = nil
      if condition == .starting && order.readiness == .exit && end == .exited(0) {
        condition = .ready
        background = findBackground()
      } else {
        condition = .ended(end)
      }
    case background:
      background = nil
      condition = .ended(end)
    default: return false
    }
    return true
  }

  /// The helper that went into the background: a subreaper's child from then on, known by its
  /// command line (pasta's name is that of the variant for the processor).
  ///
  /// A file with its number is not asked for, as Debian's AppArmor profiles let pasta write none in
  /// the places that are ours.
  private func findBackground() -> Int32? {
    CurrentProcess.children().first { child in
      let line = (try? FileTree.readText("/proc/\(child)/cmdline", limit: 65_536)) ?? ""
      return line.split(separator: "\0").prefix(2).contains { $0 == order.arguments[0] }
    }
  }

  /// Why it is not ready.
  func failure(timedOut: Bool) -> MonitorError {
    // Where there is no system log pasta says that, too, for each of its lines.
    let lines = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline)
      .filter { !$0.hasPrefix("Failed to send") }
    let said = lines.suffix(3).joined(separator: "; ")
    let why = !said.isEmpty ? said : timedOut ? "it was not ready in time" : "it ended at once"
    return .network(
      ErrorReport(
        .unavailable, "network helper \(name) failed: \(why)",
        hint: "use --network host or --network none to go without it"))
  }

  /// Sends the order's requests, one per connection; an answer that has an error fails.
  func sendRequests() throws(MonitorError) {
    guard let path = order.apiSocket else { return }
    for request in order.requests {
      let answer = try step("ask the network helper on \(path)") { () throws(SystemError) in
        let socket = try UnixSocket.connect(path: path)
        try Descriptor.writeAll(socket.raw, request)
        try UnixSocket.finishSending(socket.raw)
        guard try Descriptor.waitReadable(socket.raw, milliseconds: Self.requestTimeout) else {
          throw SystemError("read", path, errno: Errno.again)
        }
        return String(decoding: try Descriptor.readAll(socket.raw, limit: 65_536), as: UTF8.self)
      }
      if answer.contains("\"error\"") {
        throw MonitorError.network(
          ErrorReport(
            .conflict, "network helper cannot publish a port: \(answer)",
            hint: "choose another host port; request was \(request)"))
      }
    }
  }

  var isGone: Bool { pid == nil && background == nil }

  /// Its processes.
  var pids: [Int32] { [pid, background].compactMap(\.self) }

  /// Tells it to leave, whether it is our child or has gone into the background.
  func end() {
    lifeline = nil
    errors = nil
    for child in [order.exitDescriptor == nil ? pid : nil, background].compactMap(\.self) {
      // The number is the helper's until we reap it. Failure is fine: it may have ended by itself.
      _ = try? ProcessHandle.find(child)?.kill(SignalSet.terminate)
    }
  }
}
