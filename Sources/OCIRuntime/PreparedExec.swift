import Cgroups
import CommandLineKit
public import LinuxSystem
import OCISpec

/// `exec --process` for a caller that makes the same call again and again and stays: documents are read
/// and the filter is looked up once, and each call is two clone(2) and what the new process does itself.
///
/// The process is the caller's child, born as `ExecLauncher` has it born and made what it is by the same
/// `ExecStage`. What was read is read anew when one of the files is another than it was.
public final class PreparedExec {
  private let exec: ExecProcess
  private let globals: RuntimeGlobals
  private let document: String
  private var ready: Ready

  /// What holds for as long as the files stay as they are.
  private struct Ready: ~Copyable {
    var files: [(path: String, status: FileStatus)]
    var launcher: ExecLauncher
    var state: RuntimeState
    var place: ExecPlace
    /// Which of the container's namespaces are ours, by what identifies them.
    var shared: [(kind: Namespace, identity: String)]
  }

  /// Nil where the call must be made as usual, be it to say why it fails.
  ///
  /// - Parameters:
  ///   - options: The command line's options before `exec`.
  ///   - document: The process's file.
  ///   - id: The container's.
  public init?(options: [String], document: String, id: String) {
    guard
      let call = try? RuntimeCommandLine.tree.parse(
        options + ["exec", "--process", document, id]),
      case .run(let globals, _) = call,
      // A file of the host's, out of the new process's reach.
      globals.log == nil
    else { return nil }
    self.globals = globals
    self.document = document
    exec = ExecProcess(id, .file(document), context: globals.context)
    guard let ready = Self.prepare(exec, document) else { return nil }
    self.ready = ready
  }

  /// Starts the process with the descriptors 0 to 2; nil where the call must be made as usual.
  ///
  /// It ends with the program's status, or 255 and a message on descriptor 2 when there is no program.
  /// The caller must have one thread.
  public func start(_ descriptors: [(child: Int32, ours: Int32)]) -> ChildProcess? {
    if !isCurrent {
      guard let new = Self.prepare(exec, document) else { return nil }
      ready = new
    }
    do {
      var stage = ExecStage(
        plan: ready.launcher.plan, namespaces: ready.place.joinedLate, state: ready.state)
      let messages = globals.messages
      return try ChildProcess.spawn(in: ready.place.birth, descriptors: descriptors) { target in
        stage.target = target
        return RuntimeCommandLine.end(with: FailedExec(report: stage.runAlone().report), messages)
      }
    } catch { return nil }
  }

  /// Namespaces that are not ours are joined as the first process's; it may have left one that was.
  private var isCurrent: Bool {
    let pid = "\(ready.place.target.pid)"
    return ready.files.allSatisfy { (try? FileStatus.of($0.path, follow: true)) == $0.status }
      && ready.shared.allSatisfy { $0.kind.identity(of: pid) == $0.identity }
  }

  private static func prepare(_ exec: ExecProcess, _ document: String) -> Ready? {
    do {
      let states = exec.context.states
      let id = try ContainerID(exec.id)
      // Before they are read: what comes between is a change.
      var files = try [document, "\(states.directory(of: id))/state.json"].map(known)
      let record = try states.load(id)
      files.append(try known(exec.context.configuration(record)))
      guard record.status(in: states) == .running, record.cgroup?.layout != .legacy else {
        return nil
      }
      let plan = try exec.plan(record)
      // An agent is told of each process on a connection of its own.
      guard !plan.terminal, plan.filter.listenerPath == nil else { return nil }
      let launcher = ExecLauncher(
        plan: plan, record: record, console: -1, below: nil, watcher: nil)
      let place = try launcher.findPlace()
      guard !place.namespaces.contains(.time), !place.mustBeMoved else { return nil }
      var shared: [(kind: Namespace, identity: String)] = []
      for kind in Namespace.allCases where !place.namespaces.contains(kind) {
        if let identity = kind.identity() { shared.append((kind, identity)) }
      }
      return Ready(
        files: files, launcher: launcher, state: record.state(.running), place: place,
        shared: shared)
    } catch { return nil }
  }

  private static func known(_ path: String) throws(SystemError) -> (String, FileStatus) {
    (path, try FileStatus.of(path, follow: true))
  }
}
