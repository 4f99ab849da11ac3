import ImageStore
import LinuxSystem
import Model
import StateStore

/// `system check`: finds damage in the store, and mends it.
///
/// A container's own files and volumes are never touched.
public struct CheckStorage {
  public enum Depth: Sendable {
    /// Whether everything is there.
    case quick
    /// Digests of all blobs as well.
    case blobs
    /// Every unpacked file as well.
    case files
  }

  public struct Wanted: Sendable {
    public var depth = Depth.blobs
    public var repairs = false
    /// Images that cannot be mended and that no container uses are removed.
    public var discards = false
    /// Partial downloads younger than this are kept; nanoseconds.
    public var age: Int64 = 24 * 3_600 * 1_000_000_000

    public init() {}
  }

  public struct Problem: Equatable, Sendable {
    public var subject: String
    public var message: String
    /// Why it could not be mended.
    public var obstacle: String?
    public var isRepaired = false
    /// It takes room and does no harm.
    public var isLeftover = false
  }

  private let context: EngineContext
  private let store: ContainerStore

  public init(_ context: EngineContext) {
    self.context = context
    store = ContainerStore(context)
  }

  public func run(_ wanted: Wanted, events: (TransferEvent) -> Void = { _ in }) throws -> [Problem]
  {
    var problems: [Problem] = []
    var users = CollectRequest()
    var canCollect = true
    do { users = try ImageUsers(context).request() } catch {
      // Nobody knows what that container needs; it is told below.
      canCollect = false
    }
    let request = CheckRequest(
      depth: depth(wanted.depth), repair: wanted.repairs && canCollect, discard: wanted.discards,
      age: wanted.age, users: users, mounted: try mountedLayers(),
      imagesInUse: Array(try ImageUsers(context).names().keys))
    for found in try HelperClient(context).run(.check(request), events: events).problems ?? [] {
      problems.append(
        Problem(
          subject: found.subject, message: found.message, obstacle: found.obstacle,
          isRepaired: found.isRepaired, isLeftover: found.isLeftover))
    }
    problems += try context.additionalStores().compactMap { store in
      store.warning.map {
        Problem(subject: "image store \(store.path)", message: $0.message, obstacle: $0.hint)
      }
    }
    problems += try containerProblems(wanted)
    return problems
  }

  private func depth(_ depth: Depth) -> CheckRequest.Depth {
    switch depth {
    case .quick: .quick
    case .blobs: .blobs
    case .files: .files
    }
  }

  /// Layers below containers that run.
  private func mountedLayers() throws -> [Digest] {
    var layers: Set<Digest> = []
    for id in try store.ids() where try StatusReader(store).read(id).isAlive {
      guard let image = try? store.load(id).image else { continue }
      layers.formUnion(image.layers.compactMap { Digest(algorithm: .sha256, hex: $0) })
    }
    return layers.sorted { $0.hex < $1.hex }
  }
}

extension CheckStorage {
  private func containerProblems(_ wanted: Wanted) throws -> [Problem] {
    var problems: [Problem] = []
    for id in try store.ids().sorted() {
      let shown = "container \(id.prefix(12))"
      do {
        problems += containerProblems(try store.load(id))
      } catch EngineError.noSuchContainer {
        // Removed since, or without its configuration.
        if FileTree.exists(store.directory(id)) {
          problems.append(
            Problem(
              subject: shown, message: "its configuration is missing",
              obstacle: "its own files are kept; remove it with martlet rm"))
        }
      } catch {
        problems.append(Problem(subject: shown, message: reportOf(error).message))
      }
    }
    problems += try danglingNames(wanted.repairs)
    return problems + (try leftovers(wanted.repairs))
  }

  /// What a container lacks; nothing where it was removed since its configuration was read.
  func containerProblems(_ config: ContainerConfig) -> [Problem] {
    let shown = "container \(config.id.prefix(12))"
    let layers = context.imageStore.layers
    var problems: [Problem] = []
    for hex in config.image?.layers ?? [] {
      guard let chain = Digest(algorithm: .sha256, hex: hex), !layers.contains(chain) else {
        continue
      }
      problems.append(
        Problem(
          subject: shown, message: "layer \(hex.prefix(12)) of its image is missing",
          obstacle: "pull or load the image \(config.image?.name ?? "") again"))
    }
    for part in config.isWholeCopy ? [WholeCopy.files] : ["upper", "work"]
    where config.rootfs == nil {
      if !FileTree.exists("\(store.directory(config.id))/\(part)") {
        problems.append(Problem(subject: shown, message: "its directory \(part) is missing"))
      }
    }
    return store.exists(config.id) ? problems : []
  }

  private func danglingNames(_ repairs: Bool) throws -> [Problem] {
    var problems: [Problem] = []
    for name in ((try? FileTree.list(context.names)) ?? []).sorted() {
      guard let id = try? FileTree.readLink("\(context.names)/\(name)"), !store.exists(id),
        try !ContainerDraft.isBeingMade(id, in: context.containers)
      else { continue }
      var problem = Problem(
        subject: "container name \(name)", message: "its container is missing", isLeftover: true)
      if repairs { problem.isRepaired = (try? store.release(name, of: id)) != nil }
      problems.append(problem)
    }
    return problems
  }

  private func leftovers(_ repairs: Bool) throws -> [Problem] {
    let removal = RemoveContainer(context)
    let paths = removal.leftovers()
    if repairs { try removal.sweep() }
    return paths.map { path in
      Problem(
        subject: path, message: "was left by a command that was killed",
        isRepaired: repairs && !FileTree.exists(path), isLeftover: true)
    }
  }
}
