import LinuxSystem
import StateStore

extension EngineContext {
  /// The surroundings of this process, with directories that the command line put elsewhere
  /// (absolute, or relative to the working directory).
  public static func find(root: String?, runroot: String?, runtime: String?) throws
    -> EngineContext
  {
    var around = UserDirectories.Surroundings.current
    let inherited = around.variable
    let data = try absolute(root)
    let live = try absolute(runroot)
    around.variable = { name in
      switch name {
      case "MARTLET_DATA_ROOT": data ?? inherited(name)
      case "MARTLET_RUNTIME_ROOT": live ?? inherited(name)
      default: inherited(name)
      }
    }
    var context = try EngineContext(
      directories: try UserDirectories.find(around), commandLine: CurrentProcess.arguments)
    context.runtime = runtime
    return context
  }

  private static func absolute(_ path: String?) throws(SystemError) -> String? {
    guard let path, !path.isEmpty, !path.hasPrefix("/") else { return path }
    return "\(try CurrentProcess.workingDirectory())/\(path)"
  }

  /// Where images and containers are.
  public var dataRoot: String { directories.data }

  /// Where the state of running containers is.
  public var runtimeRoot: String { directories.runtime }
}
