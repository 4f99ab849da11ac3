import FoundationEssentials
import ImageStore
import LinuxSystem
import Model
import RegistryConfig
import UserNamespaces

/// Asks `martlet-image` to do what needs the owners of the store's files or a registry: it runs
/// inside the user namespace, one process for each request.
///
/// The only place outside of the helper where the protocol's JSON is written and read.
struct HelperClient {
  private let context: EngineContext

  init(_ context: EngineContext) { self.context = context }

  /// Has one operation done; blocks until it is.
  ///
  /// - Throws: the helper's own report when it failed.
  func run(
    _ operation: HelperRequest.Operation, events: (TransferEvent) -> Void = { _ in }
  ) throws -> HelperEvent.Result {
    var operation = operation
    try operation.changeAccess { try fillRetries(&$0) }
    return try run(events: events) { operation }
  }

  /// What containers.conf says of trying again where the command line says nothing.
  private func fillRetries(_ access: inout RegistryAccess) throws {
    let config = try context.containersConfig()
    if access.retries == nil, let retries = try config.integer("engine", "retry") {
      guard (0...10_000).contains(retries) else {
        throw ErrorReport(
          .invalidRequest, "retry of containers.conf is \(retries), which is no count")
      }
      access.retries = Int(retries)
    }
    if access.retryDelay == nil, let text = try config.text("engine", "retry_delay") {
      guard let delay = GoDuration.parse(text), delay >= 0 else {
        throw ErrorReport(
          .invalidRequest, "retry_delay of containers.conf is \(text), which is no duration",
          hint: "write 500ms, 2s or 1m")
      }
      access.retryDelay = Int(delay / 1_000_000)
    }
  }

  /// The same for an operation that needs mounts or open files.
  ///
  /// `descriptors`: what the helper inherits, as its numbers and ours. `input` and `output`: its streams
  /// for the user, else our standard streams. `prepare` runs in the helper's
  /// process, in the user namespace with mounts of its own, before the helper takes its place there:
  /// what it mounts, the helper sees.
  func run(
    descriptors: [(Int32, Int32)] = [], input: Int32? = nil, output: Int32? = nil,
    events: (TransferEvent) -> Void = { _ in },
    prepare: @escaping () throws -> HelperRequest.Operation
  ) throws -> HelperEvent.Result {
    let pipe = try OwnedDescriptor.pipe()
    let child = try start(descriptors, input, output, events: pipe.writeEnd.raw, prepare)
    let readEnd = pipe.split { readEnd, _ in readEnd }
    let answer = Swift.Result { try Self.follow(readEnd.raw, events) }
    if case .failure = answer {
      // Nobody listens any more; it may not go on working unseen.
      try? child.kill(Self.kill)
    }
    let end = try child.wait()
    return try Self.outcome(try answer.get(), end)
  }

  private func helper() throws(ErrorReport) -> String {
    let path = "\(context.helpers)/martlet-image"
    guard FileTree.isExecutable(path) else {
      throw ErrorReport(
        .unavailable, "the helper martlet-image is missing from \(context.helpers)",
        hint: "install Martlet again with contrib/install")
    }
    return path
  }

  private func start(
    _ descriptors: [(Int32, Int32)], _ userInput: Int32?, _ output: Int32?, events: Int32,
    _ prepare: @escaping () throws -> HelperRequest.Operation
  ) throws -> ChildProcess {
    let path = try helper()
    let input = try OwnedDescriptor.anonymousFile("martlet-request")
    let null = try OwnedDescriptor.open("/dev/null", .readWrite)
    var program = Program(path, [], environment: context.helperEnvironment)
    program.descriptors =
      [
        (0, input.raw), (1, null.raw), (2, Descriptor.standardError),
        (HelperRequest.eventDescriptor, events),
        (HelperRequest.userInput, userInput ?? Descriptor.standardInput),
        (HelperRequest.userOutput, output ?? Descriptor.standardOutput),
      ] + descriptors
    return try context.userNamespace().spawn {
      do {
        try CurrentProcess.dieWithParent()
        try write(try prepare(), to: input.raw)
      } catch {
        return Self.tell(reportOf(error), to: events)
      }
      do throws(SystemError) { try program.become() } catch { return Self.cannotExecute }
    }
  }

  private func write(_ operation: HelperRequest.Operation, to file: Int32) throws {
    let request = HelperRequest(
      dataRoot: context.dataRoot, additionalRoots: context.additionalRoots, operation: operation)
    try Descriptor.writeAll(file, Array(try JSONEncoder().encode(request)))
    try Descriptor.rewind(file)
  }

  /// What the helper itself would say had it failed.
  private static func tell(_ report: ErrorReport, to events: Int32) -> Int32 {
    let event = HelperEvent(error: HelperEvent.Failure(report))
    if let line = try? JSONEncoder().encode(event) {
      // Nobody reads when the command is gone.
      try? Descriptor.writeAll(events, Array(line) + [0x0A])
    }
    return 1
  }

  /// SIGPIPE and SIGKILL (signal(7)).
  private static let brokenPipe: Int32 = 13
  private static let kill: Int32 = 9

  /// The shell's status for a command that could not be run.
  private static let cannotExecute: Int32 = 127

  /// Reads events until the helper closes their pipe; its last word, if it had one.
  static func follow(
    _ descriptor: Int32, _ events: (TransferEvent) -> Void
  ) throws -> HelperEvent? {
    let decoder = JSONDecoder()
    var final: HelperEvent?
    var rest: [UInt8] = []
    while true {
      let part = try Descriptor.read(descriptor, upTo: 65_536)
      if part.isEmpty { return final }
      rest += part
      while let newline = rest.firstIndex(of: 0x0A) {
        let event = try decode(rest[..<newline], decoder)
        rest.removeSubrange(...newline)
        if event.result != nil || event.error != nil { final = event }
        if let progress = event.progress { events(.progress(TransferProgress(progress))) }
        if let warning = event.warning { events(.warning(warning)) }
      }
    }
  }

  private static func decode(_ line: ArraySlice<UInt8>, _ decoder: JSONDecoder)
    throws(ErrorReport) -> HelperEvent
  {
    do { return try decoder.decode(HelperEvent.self, from: Data(line)) } catch {
      throw ErrorReport(
        .bug, "martlet-image said something unknown",
        hint: "martlet and martlet-image must come from the same installation")
    }
  }

  static func outcome(_ final: HelperEvent?, _ end: ProcessEnd) throws -> HelperEvent.Result {
    if let failure = final?.error { throw failure.report }
    switch end {
    case .signaled(brokenPipe):
      throw ErrorReport(.unavailable, "whoever read standard output has gone away")
    case .signaled(let signal):
      throw ErrorReport(
        .unavailable, "martlet-image was killed by signal \(signal)",
        hint: signal == kill
          ? "nothing is broken: run the command again; if it recurs, look for lack of memory"
          : "nothing is broken: run the command again")
    case .exited(cannotExecute) where final == nil && ResourceLimit.allowsFewFiles:
      throw ErrorReport(
        .unavailable, "martlet-image cannot be run: too many open files",
        hint: "allow more with: ulimit -n 1024")
    case .exited(cannotExecute) where final == nil:
      throw ErrorReport(
        .unavailable, "martlet-image cannot be run here",
        hint: "install Martlet again with contrib/install")
    case .exited(let status):
      guard let result = final?.result else {
        throw ErrorReport(.bug, "martlet-image ended with status \(status) and no answer")
      }
      return result
    }
  }
}
