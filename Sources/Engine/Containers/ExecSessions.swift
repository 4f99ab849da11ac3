import LinuxSystem
import Model

/// The processes that `exec` has running in a container: a file each on the run's tmpfs, which names
/// the process of ours that sees its end.
public struct ExecSessions {
  private let directory: String

  /// `live`: the container's live directory.
  init(live: String) { directory = "\(live)/exec" }

  public init(_ id: String, _ context: EngineContext) {
    self.init(live: ContainerStore(context).liveDirectory(id))
  }

  /// The ids of those that run, in no order.
  public func list() -> [String] {
    // No directory is no session.
    let names = (try? FileTree.list(directory)) ?? []
    return names.filter { name in
      guard let text = try? FileTree.readText("\(directory)/\(name)", limit: 128) else {
        return false
      }
      let words = text.split(separator: " ")
      guard words.count == 2, let pid = Int32(words[0]) else { return false }
      return ProcessHandle.startTime(pid) == UInt64(words[1])
    }
  }

  /// Notes a session that the calling process looks after.
  func begin(_ session: String) throws(SystemError) {
    let own = CurrentProcess.id
    if !FileTree.exists(directory) { try FileTree.makeDirectory(directory) }
    try FileTree.write(
      "\(directory)/\(session)", "\(own) \(ProcessHandle.startTime(own) ?? 0)")
  }

  /// The container may have taken the directory with it.
  func end(_ session: String) {
    _ = try? FileTree.unlinkIfPresent("\(directory)/\(session)")
  }
}
