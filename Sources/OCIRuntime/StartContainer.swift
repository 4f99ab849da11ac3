import LinuxSystem
import Model
import OCISpec

/// `start`: lets a created container's process become its program.
public struct StartContainer {
  public var id: String
  public var context: RuntimeContext

  public init(_ id: String, context: RuntimeContext) {
    self.id = id
    self.context = context
  }

  public func run() throws(RuntimeError) {
    let id = try ContainerID(id)
    let states = context.states
    let record = try states.load(id)
    let status = record.status(in: states)
    guard status == .created else {
      throw .wrongState(id: id.text, status: status.rawValue, needed: "created")
    }
    let proxy = NotifyProxy(stateDirectory: states.directory(of: id))
    let listener = try proxy?.listen()
    let answer = try during("start `\(id)`") { () throws(SystemError) in
      let directory = try OwnedDescriptor.open(states.directory(of: id), [.path, .directory])
      let socket = try UnixSocket.connect(directory: directory.raw, name: "start")
      // Of two starts the one that takes the name away goes on.
      try FileTree.unlink("\(states.directory(of: id))/start")
      try Descriptor.writeAll(socket.raw, [0x53])
      return try Descriptor.readAll(socket.raw, limit: 1 << 16)
    }
    if !answer.isEmpty, case .failed(let report)? = InitMessage(answer) {
      throw .reported(report)
    }
    if record.hasHooks {
      try HookRunner.runPoststart(of: record, try context.loadSpec(record), context: context)
    }
    if let proxy, let listener, let process = try? ProcessHandle.find(record.pid) {
      proxy.relay(listener.raw, process.pidfd.raw, pid: record.pid)
    }
  }
}
