import LinuxSystem
import Model

/// `--sdnotify`: what the monitor and the container need for it.
enum NotifySetup {
  static let modes = ["container", "conmon", "healthy", "ignore"]
  /// Where the container finds the socket.
  static let mountPoint = "/run/notify"

  static func validate(_ mode: String, _ config: ContainerConfig) throws(ErrorReport) {
    guard modes.contains(mode) else {
      throw ErrorReport(
        .invalidRequest, "invalid --sdnotify \"\(mode)\"",
        hint: "use one of \(modes.joined(separator: ", "))")
    }
    guard mode != "healthy" || config.health != nil else {
      throw ErrorReport(
        .invalidRequest,
        "invalid argument: sdnotify policy \"healthy\" requires a healthcheck to be set")
    }
  }

  /// Nil when nobody waits to be told.
  static func order(_ lifecycle: ContainerLifecycle, live: String) throws(SystemError)
    -> NotifyOrder?
  {
    guard lifecycle.sdnotify != "ignore",
      let socket = CurrentProcess.environment("NOTIFY_SOCKET") ?? lifecycle.notifySocket,
      !socket.isEmpty
    else { return nil }
    var order = NotifyOrder(socket: socket)
    switch lifecycle.sdnotify {
    case "conmon": order.isReadyAtStart = true
    case "healthy": order.isReadyWhenHealthy = true
    default:
      order.directory = "\(live)/notify"
      try FileTree.ensureDirectory("\(live)/notify", mode: 0o755)
    }
    return order
  }
}
