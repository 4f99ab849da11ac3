import Diagnostics
import LayerStorage
import LinuxSystem
public import Model
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
    try StoreFormat.check(context.directories)
    return context
  }

  /// The names that `--storage-driver` takes.
  public static var storageDrivers: [String] { StorageDriver.allCases.map(\.rawValue) }

  /// Takes what the command line chose by name.
  public mutating func choose(storageDriver name: String?, logLevel: String?) throws(ErrorReport) {
    if let name {
      guard let driver = StorageDriver(rawValue: name) else {
        throw ErrorReport(.invalidRequest, "storage driver \(name) is not supported")
      }
      storageDriver = driver
    }
    if let logLevel {
      guard let level = Log.Level(name: logLevel) else {
        throw ErrorReport(.invalidRequest, "log level \(logLevel) is not known")
      }
      log = Log(level)
    }
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
