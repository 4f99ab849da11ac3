import LinuxSystem
import Model
import StateStore

/// Gives a container another name.
public struct RenameContainer {
  private let context: EngineContext
  private let store: ContainerStore

  public init(_ context: EngineContext) {
    self.context = context
    store = ContainerStore(context)
  }

  /// The new name is the container's from the moment its link is made, which only one of many that
  /// want it can do; the old one is free when this returns.
  ///
  /// - Throws: when the name is another's or not valid.
  public func run(_ id: String, to name: String) throws {
    guard ContainerName.isValid(name) else { throw EngineError.invalidName(name) }
    let lock = try ObjectLock.acquire(store.namesLock)
    let old = try store.load(id).name
    guard name != old else { throw EngineError.nameInUse(name, by: String(id.prefix(12))) }
    try store.claim(name, for: id, holdsNamesLock: true)
    let config: ContainerConfig
    do {
      config = try store.change(id) { config in config.name = name }
    } catch {
      try store.release(name, of: id)
      throw error
    }
    try store.release(old, of: id)
    // A monitor that ends at this moment has nothing more to tell.
    if let monitor = try? MonitorSocket.connect(store.liveDirectory(id)) {
      try? monitor.send(.renamed(name))
    }
    context.note("rename", config)
    _ = consume lock
  }
}
