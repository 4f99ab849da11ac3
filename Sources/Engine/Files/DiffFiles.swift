import ImageStore
import LinuxSystem
import Model

/// `diff`: what a container has changed of its image, or an image's last layer of those below.
public struct DiffFiles {
  public enum Kind: String, Sendable, CaseIterable {
    case added = "A"
    case changed = "C"
    case deleted = "D"
  }

  public struct Change: Equatable, Sendable {
    public var kind: Kind
    public var path: String
  }

  private let context: EngineContext

  public init(_ context: EngineContext) { self.context = context }

  /// The changes of a container, by its name or id.
  public func container(_ id: String) throws -> [Change] {
    try list(try LayeredTrees(context: context).container(try ContainerStore(context).load(id)))
  }

  /// The changes of an image's last layer.
  public func image(_ name: String) throws -> [Change] {
    guard let image = try context.imageStore.find(name) else {
      throw ErrorReport(.notFound, "\(name): no such container or image")
    }
    return try LayeredTrees(context: context).image(image).map(list) ?? []
  }

  private func list(_ tree: LayeredTree) throws -> [Change] {
    let changes = try HelperClient(context).run(.listChanges(tree)).changes ?? []
    return changes.compactMap { change in
      Kind(rawValue: change.kind.rawValue).map { Change(kind: $0, path: change.path) }
    }
  }
}
