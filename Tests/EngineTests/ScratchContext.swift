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
}
