import LinuxSystem
import Model

/// The OCI runtime as it is started for a container's process.
///
/// Found before the user namespace is entered: inside, the owner of its file cannot be told.
struct RuntimeProgram {
  let path: String
  /// What is added to the environment that the runtime has.
  let environment: [String]
  /// Whether its calls need no program: it is this installation's own, without flags of the user's.
  ///
  /// This program and the monitor have it in themselves, and no container can change their files
  /// either (`ProgramFile.isOutOfReach`).
  let isLinked: Bool

  init(_ name: String?, _ context: EngineContext) throws {
    path = try context.runtimePath(name)
    let isOurs = RuntimePath.isOurs(path)
    let isOutOfReach =
      isOurs && Self.isRootsAlone(path) && (try? ProgramFile.callerHasUserRightsOnly()) ?? false
    environment = isOutOfReach ? [RuntimePath.outOfReach] : []
    isLinked =
      isOutOfReach && path == "\(context.programs)/martlet-oci" && context.runtimeFlags.isEmpty
      && Self.isRootsAlone("/proc/self/exe")
      && Self.isRootsAlone("\(context.helpers)/martlet-monitor")
  }

  private static func isRootsAlone(_ path: String) -> Bool {
    guard let status = try? FileStatus.of(path, follow: true) else { return false }
    return ProgramFile.isRootsAlone(status)
  }

  /// Whether it has to run from a read-only copy of its mount (`Program.isProtected`).
  var isProtected: Bool { RuntimePath.isOurs(path) && environment.isEmpty }
}
