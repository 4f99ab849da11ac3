import ImageStore
import LayerStorage
import LinuxSystem
import Model
import UserNamespaces

/// What `info` tells of this user's containers, beside the machine itself.
public struct SystemInfo: Sendable {
  /// A program that containers need, where it is, and the first line of what it says of itself.
  public struct Tool: Sendable {
    public var name: String
    public var path: String
    public var version: String
  }

  public struct Counts: Equatable, Sendable {
    public var total = 0
    public var running = 0
    public var paused = 0
    public var stopped = 0
  }

  /// One range of ids, as the outside sees it.
  public struct MappedRange: Equatable, Sendable {
    public var inside: UInt32
    public var outside: UInt32
    public var count: UInt32
  }

  public var host: HostFacts
  public var isRootless: Bool
  public var runtime: Tool
  public var monitor: Tool
  public var pasta: Tool?
  public var slirp: Tool?
  public var users: [MappedRange] = []
  public var groups: [MappedRange] = []
  public var capabilities: [String]
  public var containers: Counts
  public var images: Int
  /// Bytes of the filesystem that holds the data.
  public var free: Int64
  /// The storage driver that works there, found by a mount; nil when none does.
  public var storageDriver: String?

  /// Finds everything out; a user without subordinate ids gets no mapping instead of an error.
  public static func read(_ context: EngineContext) throws -> SystemInfo {
    let runtime = try context.runtimePath(nil)
    var info = SystemInfo(
      host: HostFacts.read(), isRootless: context.uid != 0, runtime: tool(runtime),
      monitor: Tool(
        name: "martlet-monitor", path: "\(context.helpers)/martlet-monitor",
        version: MartletVersion.text),
      pasta: find("pasta"), slirp: find("slirp4netns"), capabilities: Capabilities.standard,
      containers: try counts(context),
      images: try context.imageStore.list().count, free: 0)
    info.free = existing(context.dataRoot).flatMap { try? FileTree.freeBytes($0) } ?? 0
    info.storageDriver = (try StorageChoice(context).inUse())?.rawValue
    if case .map(let mapping)? = try? context.namespacePlan() {
      info.users = mapping.users.map(range)
      info.groups = mapping.groups.map(range)
    }
    return info
  }

  private static func range(_ range: IDRange) -> MappedRange {
    MappedRange(inside: range.inside, outside: range.outside, count: range.count)
  }

  /// The directory itself, or the closest one above that is there already.
  private static func existing(_ path: String) -> String? {
    var path = path
    while !FileTree.exists(path) {
      guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
      path = String(path[..<slash])
    }
    return path
  }

  private static func find(_ name: String) -> Tool? {
    Program.find(name, in: Program.systemDirectories).map(tool)
  }

  private static func tool(_ path: String) -> Tool {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    var program = Program(path, ["--version"])
    program.name = name
    let said = (try? program.run(limit: 65_536))?.text ?? ""
    let first = said.split(separator: "\n").first.map(String.init) ?? "unknown"
    return Tool(name: name, path: path, version: first)
  }

  private static func counts(_ context: EngineContext) throws -> Counts {
    var counts = Counts()
    for container in try ListContainers(context).run() {
      counts.total += 1
      switch container.status {
      case .running, .stopping: counts.running += 1
      case .paused: counts.paused += 1
      default: counts.stopped += 1
      }
    }
    return counts
  }
}
