/// Stops a container if it runs, and starts it.
public struct RestartContainer {
  private let context: EngineContext

  public init(_ context: EngineContext) { self.context = context }

  /// `timeout`: seconds before SIGKILL; nil is the container's own.
  public func run(_ id: String, timeout: Int? = nil) throws {
    try StopContainer(context).stop(id, timeout: timeout)
    try StartContainer(context).detached(id)
    context.note("restart", try ContainerStore(context).load(id))
  }
}
