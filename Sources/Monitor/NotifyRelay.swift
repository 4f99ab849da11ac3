import LinuxSystem
import Model

/// Tells the service manager that waits for the container (sd_notify(3)), and passes on what the
/// container tells it.
final class NotifyRelay {
  static let socketName = "notify.sock"

  private let order: NotifyOrder
  /// Where the container's messages come in; nil when they are not wanted.
  let listener: HeldDescriptor?

  init(_ order: NotifyOrder) throws(SystemError) {
    self.order = order
    guard let directory = order.directory else {
      listener = nil
      return
    }
    let handle = try OwnedDescriptor.open(directory, [.path, .directory])
    let socket = try UnixSocket.listen(
      directory: handle.raw, name: Self.socketName, kind: .datagram)
    try Descriptor.setNonBlocking(socket.raw, true)
    // Whatever user the container's process is.
    try FileTree.setMode("\(directory)/\(Self.socketName)", 0o666)
    listener = HeldDescriptor(socket)
  }

  /// The container runs.
  func started() {
    let pid = "MAINPID=\(CurrentProcess.id)"
    send(order.isReadyAtStart ? "\(pid)\nREADY=1" : pid)
  }

  /// A health check has succeeded.
  func healthy() {
    if order.isReadyWhenHealthy { send("READY=1") }
  }

  /// Passes on what the container sent; which process is the main one is not its to say.
  func relay() {
    guard let listener else { return }
    while let message = try? UnixSocket.receive(listener.raw, limit: 4_096) {
      let text = String(decoding: message.bytes, as: UTF8.self)
      let lines = text.split(separator: "\n").filter { line in
        !["MAINPID", "FDSTORE", "FDNAME", "FDPOLL", "BARRIER"].contains {
          line.hasPrefix($0)
        }
      }
      if !lines.isEmpty { send(lines.joined(separator: "\n")) }
    }
  }

  /// Nobody may listen any more: then nobody waits for it.
  private func send(_ text: String) {
    do throws(SystemError) {
      let socket = try UnixSocket.connect(path: order.socket, kind: .datagram)
      _ = try UnixSocket.sendNow(socket.raw, Array(text.utf8))
    } catch { return }
  }
}
