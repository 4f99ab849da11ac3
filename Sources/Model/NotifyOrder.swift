/// Whom a monitor tells that its container is ready (`--sdnotify`), and when.
public struct NotifyOrder: Equatable, Sendable {
  /// A datagram socket's path, or `@name` in the abstract namespace (sd_notify(3), NOTIFY_SOCKET).
  public var socket: String
  /// Ready when started; otherwise when the container or its health says so.
  public var isReadyAtStart = false
  public var isReadyWhenHealthy = false
  /// A directory that is mounted into the container, where its own messages are taken; nil: they are
  /// not.
  public var directory: String?

  public init(socket: String) { self.socket = socket }

  func write(to record: inout LineRecord) {
    record.append("notify-socket", socket)
    record.append("notify-at-start", "\(isReadyAtStart)")
    record.append("notify-when-healthy", "\(isReadyWhenHealthy)")
    record["notify-directory"] = directory
  }

  init?(_ record: LineRecord) {
    guard let socket = record["notify-socket"] else { return nil }
    self.init(socket: socket)
    isReadyAtStart = record.flag("notify-at-start")
    isReadyWhenHealthy = record.flag("notify-when-healthy")
    directory = record["notify-directory"]
  }
}
