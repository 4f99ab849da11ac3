import LinuxSystem
import Model
import OCISpec

/// Hands a changed health check to the monitor of a container that runs.
struct HealthChange {
  /// A monitor that does not answer for so long (it is stopped) is not waited for: milliseconds.
  private static let patience: Int32 = 2_000

  private let store: ContainerStore

  init(_ context: EngineContext) { store = ContainerStore(context) }

  /// - Throws: when the monitor does not take it; the next start does.
  func tell(_ config: ContainerConfig) throws {
    let live = store.liveDirectory(config.id)
    guard let monitor = try MonitorSocket.connect(live) else { return }
    if let health = config.health, try !describe(health, bundle: "\(live)/bundle") { return }
    let order = config.health?.order(id: config.id, directory: store.directory(config.id))
    try monitor.send(.healthOrder(order))
    // The answer to a question tells that what was said before has been heard.
    try monitor.send(.checkHealth(probing: false))
    guard try Descriptor.waitReadable(monitor.socket.raw, milliseconds: Self.patience),
      try monitor.first({ frame -> Bool? in if case .health = frame { true } else { nil } }) != nil
    else {
      guard try StatusReader(store).read(config.id).isAlive else { return }
      throw ErrorReport(
        .unavailable, "the monitor of container \(config.name) does not take the health check",
        hint: "it counts from the next start on: martlet restart \(config.name)")
    }
  }

  /// Writes what the probes execute: as the container's own process, but for the words.
  ///
  /// False when its monitor is about to end, and has taken the bundle away.
  private func describe(_ health: ContainerHealth, bundle: String) throws -> Bool {
    let text: [UInt8]
    do throws(SystemError) {
      text = try FileTree.read("\(bundle)/config.json", limit: 1 << 26)
    } catch {
      if error.errno == Errno.noEntry { return false }
      throw error
    }
    let spec = try RuntimeSpec(parsing: text)
    guard let process = spec.process else {
      throw ErrorReport(.bug, "\(bundle)/config.json has no process")
    }
    for (name, probe) in health.probes(of: process) {
      let text = String(decoding: probe.encoded(), as: UTF8.self)
      try FileTree.write("\(bundle)/\(name).new", text)
      try FileTree.rename("\(bundle)/\(name).new", to: "\(bundle)/\(name)")
    }
    return true
  }
}
