import LinuxSystem
import Model
import StateStore

/// `mount`: the root of a container that does not run, for the commands of an `unshare`.
///
/// The mount ends with the mount namespace that it is in; while a process of that lives, the container
/// does not start.
public struct MountContainers {
  public struct Mounted: Sendable {
    public var id: String
    public var name: String
    public var path: String
  }

  private let context: EngineContext
  private let store: ContainerStore

  public init(_ context: EngineContext) {
    self.context = context
    store = ContainerStore(context)
  }

  private func place(_ id: String) -> String { "\(context.runtimeRoot)/mounted-\(id.prefix(12))" }

  /// Mounts a container's root, or finds it mounted.
  ///
  /// - Returns: where it is.
  public func mount(_ id: String) throws -> String {
    try refuseOutside()
    let place = place(id)
    if try mountedPlaces().contains(place) { return place }
    let files = try ContainerFiles(context, id)
    guard files.descriptor == nil else {
      throw ErrorReport(
        .conflict, "container \(files.config.name) is running: its root is mounted where it runs",
        hint: "use martlet cp or martlet export, or stop it first")
    }
    let path = try ContainerRoot(context: context, config: files.config).mount(
      volatile: false, at: place)
    try MountHolder.current().write(to: store.directory(id))
    withExtendedLifetime(files) {}
    return path
  }

  /// Unmounts a container's root.
  public func unmount(_ id: String) throws {
    try refuseOutside()
    let place = place(id)
    guard try mountedPlaces().contains(place) else {
      throw ErrorReport(.conflict, "container \(id.prefix(12)) is not mounted here")
    }
    try MountCall.detach(place)
    try FileTree.removeDirectory(place)
    try MountHolder.remove(from: store.directory(id))
  }

  /// The containers that are mounted in this mount namespace.
  public func list() throws -> [Mounted] {
    let places = try mountedPlaces()
    return try ListContainers(context).run().compactMap { row in
      let path = place(row.id)
      return places.contains(path) ? Mounted(id: row.id, name: row.name, path: path) : nil
    }
  }

  private func refuseOutside() throws(ErrorReport) {
    guard context.uid == 0 else {
      throw CalledName.current.refusal(
        of: "mount", hint: "martlet unshare sh -c 'cd $(martlet mount NAME) && ...'")
    }
  }

  private func mountedPlaces() throws -> Set<String> {
    Set(try MountEntry.list().map(\.place))
  }
}

/// The oldest process of a mount namespace that has a container's root mounted.
struct MountHolder {
  private static let file = "mounted"
  let pid: Int32
  let startTime: UInt64

  /// The oldest ancestor of ours that shares our mounts.
  static func current() throws -> MountHolder {
    let own = Namespace.mount.identity()
    var pid = CurrentProcess.id
    while let parent = parent(of: pid), parent > 0,
      Namespace.mount.identity(of: "\(parent)") == own
    {
      pid = parent
    }
    return MountHolder(pid: pid, startTime: ProcessHandle.startTime(pid) ?? 0)
  }

  private static func parent(of pid: Int32) -> Int32? {
    guard let text = try? FileTree.readText("/proc/\(pid)/status", limit: 1 << 16) else {
      return nil
    }
    let line = text.split(separator: "\n").first { $0.hasPrefix("PPid:") }
    return line.flatMap { Int32($0.dropFirst(5).filter(\.isNumber)) }
  }

  func write(to directory: String) throws {
    var record = LineRecord()
    record["pid"] = "\(pid)"
    record["start-time"] = "\(startTime)"
    try RecordStore(directory).write(Self.file, record)
  }

  static func remove(from directory: String) throws {
    try FileTree.unlinkIfPresent("\(directory)/\(file)")
  }

  /// Refuses a container whose root is still mounted by somebody.
  static func refuse(_ directory: String, name: String) throws {
    guard let record = try RecordStore(directory).find(file), let pid = record.integer("pid"),
      let start = record.integer("start-time"),
      ProcessHandle.startTime(Int32(truncatingIfNeeded: pid)) == UInt64(bitPattern: start)
    else { return }
    throw ErrorReport(
      .conflict, "the root of container \(name) is mounted in the namespace of process \(pid)",
      hint: "run martlet unmount \(name) there, or end that process")
  }
}
