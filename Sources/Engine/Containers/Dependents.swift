import LinuxSystem
import Model

/// Which containers need a container: one empty file each in its `dependents` directory, named by
/// their ids, so that a removal need not read every configuration.
public struct Dependents {
  private let store: ContainerStore

  public init(_ store: ContainerStore) { self.store = store }

  /// The ids of containers that need this one and still exist.
  public func of(_ id: String) -> [String] {
    let names = (try? FileTree.list(directory(id))) ?? []
    return names.filter { $0.count == 64 && store.exists($0) }.sorted()
  }

  /// Writes down what a new container needs.
  ///
  /// One that has gone meanwhile is missed when the new container starts.
  func note(_ config: ContainerConfig) throws(SystemError) {
    for id in config.dependencies where store.exists(id) {
      do throws(SystemError) { try FileTree.makeDirectory(directory(id), mode: 0o700) } catch {
        guard error.errno == Errno.exists else { throw error }
      }
      try FileTree.write("\(directory(id))/\(config.id)", "")
    }
  }

  private func directory(_ id: String) -> String { "\(store.directory(id))/dependents" }
}

extension ContainerStore {
  /// `container:NAME` with the container's id instead; other modes as they are.
  ///
  /// `part`: what the other's mode is. One that has the host's namespace is joined by having it too:
  /// nobody but root may enter it again.
  func joinedMode(_ mode: String, _ part: (ContainerConfig) throws -> String) throws -> String {
    guard mode.hasPrefix("container:") else { return mode }
    let id = try resolve(String(mode.dropFirst("container:".count)))
    return try part(load(id)) == "host" ? "host" : "container:\(id)"
  }
}
