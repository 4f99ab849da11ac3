import LinuxSystem
import OCISpec

/// Runs hooks with the container's state on their standard input.
struct HookRunner {
  var state: RuntimeState

  /// In order; the first failure ends it.
  func run(_ hooks: [RuntimeHook]) throws(RuntimeError) {
    for hook in hooks {
      let problem: String?
      do throws(SystemError) { problem = try outcome(of: hook) } catch {
        throw .hook(path: hook.path, error.description)
      }
      if let problem { throw .hook(path: hook.path, problem) }
    }
  }

  /// What was wrong with how the hook ended; nil when nothing was.
  private func outcome(of hook: RuntimeHook) throws(SystemError) -> String? {
    guard hook.path.hasPrefix("/") else { return "is not an absolute path" }
    var program = Program(hook.path, Array(hook.args.dropFirst()), environment: hook.env)
    program.name = hook.args.first
    let input = try OwnedDescriptor.anonymousFile("state")
    try Descriptor.writeAll(input.raw, state.encoded())
    try Descriptor.rewind(input.raw)
    let output = try OwnedDescriptor.anonymousFile("output")
    program.descriptors = [(0, input.raw), (1, output.raw), (2, output.raw)]
    let child = try program.start()
    if let seconds = hook.timeout, seconds > 0 {
      let limit = Int32(clamping: seconds.multipliedReportingOverflow(by: 1_000).partialValue)
      if try !Descriptor.waitReadable(child.pidfd.raw, milliseconds: max(limit, 1)) {
        try child.kill(9)
        _ = try child.wait()
        return "still ran after its timeout of \(seconds) s"
      }
    }
    let end = try child.wait()
    if end == .exited(0) { return nil }
    try Descriptor.rewind(output.raw)
    let text = String(decoding: try Descriptor.read(output.raw, upTo: 2_048), as: UTF8.self)
    let said = text.split(separator: "\n").joined(separator: "; ")
    let how =
      switch end {
      case .exited(let status): "exited with \(status)"
      case .signaled(let signal): "was killed by signal \(signal)"
      }
    return said.isEmpty ? how : "\(how): \(said)"
  }
}
