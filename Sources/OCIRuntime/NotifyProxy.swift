import LinuxSystem
import Model
import OCISpec

/// The way of a container's messages to the service manager that started it (sd_notify(3)).
///
/// The caller's socket is not the container's to reach: it finds a directory in that path's place,
/// with a socket that the runtime listens on until the container says that it is ready. The layout
/// is crun(1)'s.
struct NotifyProxy {
  private static let name = "notify"

  /// Where the caller wants messages to go.
  let socket: String
  /// The directory that the container sees, below its state directory.
  let directory: String

  /// Nil where the caller does not wait for messages.
  init?(stateDirectory: String) {
    guard let socket = CurrentProcess.environment("NOTIFY_SOCKET"), socket.hasPrefix("/"),
      !socket.split(separator: "/").contains("..")
    else { return nil }
    self.socket = socket
    directory = "\(stateDirectory)/notify"
  }

  /// Makes the directory and what the container needs to find it; false where the configuration
  /// has a socket of its own.
  func prepare(_ plan: inout ContainerPlan) throws(RuntimeError) -> Bool {
    guard !plan.process.environment.contains(where: { $0.hasPrefix("NOTIFY_SOCKET=") }) else {
      return false
    }
    try during("make the directory for NOTIFY_SOCKET") { () throws(SystemError) in
      try FileTree.makeDirectory(directory)
      try FileTree.setMode(directory, 0o755)
    }
    var mount = RuntimeMount(destination: socket)
    mount.type = "bind"
    mount.source = directory
    mount.options = ["bind", "ro", "nosuid", "nodev", "noexec", "rprivate"]
    plan.mounts.append(try MountPlan(mount, index: plan.mounts.count, bundle: plan.bundle))
    plan.process.environment.append("NOTIFY_SOCKET=\(socket)/\(Self.name)")
    return true
  }

  /// The container's socket, before anything of the container runs; nil where `prepare` made no
  /// directory for it.
  func listen() throws(RuntimeError) -> OwnedDescriptor? {
    guard FileTree.exists(directory) else { return nil }
    return try during("listen for the container's messages") { () throws(SystemError) in
      let place = try OwnedDescriptor.open(directory, [.directory])
      let listener = try UnixSocket.listen(
        directory: place.raw, name: Self.name, kind: .datagram)
      // Whatever user the container's process is.
      try FileTree.setMode("\(directory)/\(Self.name)", 0o666)
      return listener
    }
  }

  /// Passes messages on until the container is ready or has ended.
  func relay(_ listener: Int32, _ process: Int32, pid: Int32) {
    do throws(SystemError) {
      var loop = try EventLoop()
      try loop.add(listener)
      try loop.add(process)
      while true {
        let ready = try loop.wait(milliseconds: -1).map(\.descriptor)
        if ready.contains(listener) {
          let text = String(decoding: try UnixSocket.receive(listener).bytes, as: UTF8.self)
          let lines = Self.passed(text)
          guard lines.contains("READY=1") else {
            if !lines.isEmpty { try send(lines) }
            continue
          }
          return try send(["MAINPID=\(pid)"] + lines)
        }
        if ready.contains(process) { return }
      }
    } catch {
      // Nobody may listen any more: then nobody waits for it.
    }
  }

  /// Which process is the main one, and descriptors, are not the container's to say.
  private static func passed(_ text: String) -> [String] {
    text.split(separator: "\n").map(String.init).filter { line in
      !["MAINPID", "FDSTORE", "FDNAME", "FDPOLL", "BARRIER"].contains { line.hasPrefix($0) }
    }
  }

  private func send(_ lines: [String]) throws(SystemError) {
    let target = try UnixSocket.connect(path: socket, kind: .datagram)
    _ = try UnixSocket.sendNow(target.raw, Array(lines.joined(separator: "\n").utf8))
  }
}
