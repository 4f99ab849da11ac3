import LinuxSystem
import Model
import OCISpec

/// Runs hooks with the container's state on their standard input.
struct HookRunner {
  var state: RuntimeState
  /// What a hook without an environment of its own gets; nil is ours, never where its program is
  /// the container's.
  var environment: [String]?

  /// In order; the first failure ends it.
  ///
  /// `kind` is their field's name in the configuration.
  func run(_ hooks: [RuntimeHook], _ kind: String) throws(RuntimeError) {
    for (index, hook) in hooks.enumerated() { try run(hook, kind, index) }
  }

  /// All of them, for kinds whose failures are no more than warnings (runtime.md#lifecycle).
  func attempt(_ hooks: [RuntimeHook], _ kind: String, warn: (String) -> Void) {
    for (index, hook) in hooks.enumerated() {
      do throws(RuntimeError) { try run(hook, kind, index) } catch { warn(error.report.message) }
    }
  }

  /// Runs the poststart hooks of a container, which goes when one of them fails, as if it had been
  /// deleted (runtime.md#lifecycle): the failure is the news.
  static func runPoststart(
    of record: StateRecord, _ spec: RuntimeSpec, context: RuntimeContext
  ) throws(RuntimeError) {
    do throws(RuntimeError) {
      try HookRunner(state: record.state(.running)).run(spec.hooks?.poststart ?? [], "poststart")
    } catch {
      var delete = DeleteContainer(record.id, context: context)
      delete.force = true
      try? delete.run()
      throw error
    }
  }

  private func run(_ hook: RuntimeHook, _ kind: String, _ index: Int) throws(RuntimeError) {
    let problem: String?
    do throws(SystemError) { problem = try outcome(of: hook) } catch {
      problem = error.description
    }
    if let problem { throw .hook(kind: kind, index: index, path: hook.path, problem) }
  }

  /// Files that the annotations of crun(1) name for what hooks print, or -1.
  private func redirections() throws(SystemError) -> (output: Int32, errors: Int32) {
    var files: [Int32] = []
    for annotation in [ConfigAnnotation.hookOutput, .hookErrors] {
      guard let path = state.annotations[annotation] else {
        files.append(-1)
        continue
      }
      files.append(
        try OwnedDescriptor.open(path, [.writeOnly, .create, .append], mode: 0o600).release())
    }
    return (files[0], files[1])
  }

  /// Of signals whose numbers say little.
  private static func meaning(of signal: Int32) -> String {
    switch signal {
    case SignalSet.abort: " (aborted)"
    case SignalSet.segmentationFault: " (segmentation fault)"
    case SignalSet.badSystemCall: " (bad system call)"
    default: ""
    }
  }

  /// What was wrong with how the hook ended; nil when nothing was.
  private func outcome(of hook: RuntimeHook) throws(SystemError) -> String? {
    guard hook.path.hasPrefix("/") else { return "is not an absolute path" }
    var program = Program(
      hook.path, Array(hook.args.dropFirst()),
      environment: hook.env.isEmpty ? environment : hook.env)
    program.name = hook.args.first
    let input = try OwnedDescriptor.anonymousFile("state")
    try Descriptor.writeAll(input.raw, state.encoded())
    try Descriptor.rewind(input.raw)
    let output = try OwnedDescriptor.anonymousFile("output")
    let redirected = try redirections()
    defer {
      for fd in [redirected.output, redirected.errors] where fd >= 0 { Descriptor.close(fd) }
    }
    program.descriptors = [
      (0, input.raw), (1, redirected.output < 0 ? output.raw : redirected.output),
      (2, redirected.errors < 0 ? output.raw : redirected.errors),
    ]
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
      case .signaled(let signal): "was killed by signal \(signal)\(Self.meaning(of: signal))"
      }
    return said.isEmpty ? how : "\(how): \(said)"
  }
}
