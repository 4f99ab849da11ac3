import LinuxSystem
import Model

/// The OCI runtime as it is started for a container's process.
///
/// Found before the user namespace is entered: inside, the owner of its file cannot be told.
struct RuntimeProgram {
  let path: String
  /// What is added to the environment that the runtime has.
  let environment: [String]

  init(_ name: String?, _ context: EngineContext) throws {
    path = try context.runtimePath(name)
    var isOutOfReach = false
    if RuntimePath.isOurs(path), let status = try? FileStatus.of(path, follow: true) {
      isOutOfReach = (try? ProgramFile.isOutOfReach(status)) ?? false
    }
    environment = isOutOfReach ? [RuntimePath.outOfReach] : []
  }

  /// Whether it has to run from a read-only copy of its mount (`Program.isProtected`).
  var isProtected: Bool { RuntimePath.isOurs(path) && environment.isEmpty }
}
