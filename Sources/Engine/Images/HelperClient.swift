import FoundationEssentials
import ImageStore
import LinuxSystem
import Model
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
    let program = try helper()
    let request = HelperRequest(dataRoot: context.dataRoot, operation: operation)
    let document = try JSONEncoder().encode(request)
    let pipe = try OwnedDescriptor.pipe()
    let child = try start(program, Array(document), events: pipe.writeEnd.raw)
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

  private func start(_ path: String, _ request: [UInt8], events: Int32) throws -> ChildProcess {
    let input = try OwnedDescriptor.anonymousFile("martlet-request")
    try Descriptor.writeAll(input.raw, request)
    try Descriptor.rewind(input.raw)
    let null = try OwnedDescriptor.open("/dev/null", .readWrite)
    func userStream(_ descriptor: Int32) -> Int32 {
      Descriptor.isOpen(descriptor) ? descriptor : null.raw
    }
    var program = Program(path, [], environment: context.helperEnvironment)
    program.descriptors = [
      (0, input.raw), (1, null.raw), (2, userStream(Descriptor.standardError)),
      (HelperRequest.eventDescriptor, events),
      (HelperRequest.userInput, userStream(Descriptor.standardInput)),
      (HelperRequest.userOutput, userStream(Descriptor.standardOutput)),
    ]
    return try context.userNamespace().spawn {
      do throws(SystemError) {
        try CurrentProcess.dieWithParent()
        try program.become()
      } catch {
        return Self.cannotExecute
      }
    }
  }

  /// SIGKILL (signal(7)).
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
    case .signaled(let signal):
      throw ErrorReport(
        .unavailable, "martlet-image was killed by signal \(signal)",
        hint: signal == kill
          ? "nothing is broken: run the command again; if it recurs, look for lack of memory"
          : "nothing is broken: run the command again")
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
