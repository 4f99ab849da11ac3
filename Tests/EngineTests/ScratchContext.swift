import LinuxSystem
import Model
import StateStore

@testable import Engine

extension EngineContext {
  /// One whose files are all below a directory of the test's, which removes it.
  init(below root: String) throws {
    try self.init(
      directories: UserDirectories(
        data: "\(root)/data", runtime: "\(root)/run", config: "\(root)/config"),
      commandLine: [])
  }

  /// One in a directory of its own, which goes with the end of `body`.
  static func withScratch(_ body: (EngineContext) throws -> Void) throws {
    let root = "/tmp/martlet-engine-\(try RandomName.make())"
    defer { try? FileTree.removeTree(root) }
    try body(try EngineContext(below: root))
  }

  /// Adds a container with whatever else `configure` gives it, and returns its id.
  func addContainer(
    _ name: String, _ configure: (inout ContainerConfig) throws -> Void = { _ in }
  ) throws -> String {
    var config = ContainerConfig()
    config.id = try RandomName.hexadecimal(CurrentProcess.randomBytes(32))
    config.name = name
    try configure(&config)
    try ContainerStore(self).add(config)
    return config.id
  }
}
