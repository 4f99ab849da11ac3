import LinuxSystem
import Model

/// Sets a container up to the last step before its process runs.
public struct InitializeContainer {
  private let context: EngineContext
  private let store: ContainerStore

  public init(_ context: EngineContext) {
    self.context = context
    store = ContainerStore(context)
  }

  /// Returns when everything is mounted and connected; `start` does the rest.
  ///
  /// - Throws: when it is running or set up already.
  public func run(_ id: String) throws {
    let config = try store.load(id)
    let status = try StatusReader(store).read(id)
    guard status != .initialized else {
      throw ErrorReport(.conflict, "container \(config.name) is initialized already")
    }
    var launch = LaunchContainer(context: context, store: store, config: config)
    launch.startsNow = false
    let monitor = MonitorSocket(socket: try launch.run().takeSocket())
    let failure = try monitor.first { frame -> ErrorReport?? in
      switch frame {
      case .created: .some(nil)
      case .failure(let report): .some(report)
      default: nil
      }
    }
    switch failure {
    case .some(.some(let report)): throw EngineError.failed(report)
    case .some(nil): return
    case nil: throw EngineError.monitorEnded(config.name)
    }
  }
}
