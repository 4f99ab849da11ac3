import ImageStore
import LayerArchive
import LinuxSystem

/// What a container, or an image's last layer, has changed of the layers below.
struct ListChanges {
  private let tree: LayeredTree
  private let places: RuntimePlaces

  init(_ tree: LayeredTree) {
    self.tree = tree
    places = RuntimePlaces(tree)
  }

  func run() throws -> HelperEvent.Result {
    if let copied = tree.copied { return try compare(since: copied) }
    let stack = try LayerStack(tree.layers)
    var result = HelperEvent.Result()
    var changes: [FileChange] = []
    try list(try DirectoryHandle(tree.upper), stack, nil, &changes)
    result.changes = changes
    return result
  }

  /// A whole copy of the layers with the layers.
  private func compare(since copied: Int64) throws -> HelperEvent.Result {
    var result = HelperEvent.Result()
    let found = try Self.changes(tree, since: copied, places)
    result.changedBytes = found.reduce(0) { sum, change in
      sum + (change.status?.kind == .regular ? change.status?.size ?? 0 : 0)
    }
    result.changes = found.compactMap { change in
      let text = "/\(change.path.text)"
      switch change.kind {
      case .added: return FileChange(.added, text)
      case .deleted: return FileChange(.deleted, text)
      case .changed:
        let isParent = change.status?.kind == .directory && places.isParent(text)
        return isParent ? nil : FileChange(.changed, text)
      }
    }
    return result
  }

  /// What is different in a whole copy, less what was only made to mount on.
  static func changes(_ tree: LayeredTree, since copied: Int64, _ places: RuntimePlaces) throws
    -> [TreeChanges.Change]
  {
    let owners = TreeOwners(tree.ids)
    let root = try DirectoryHandle(tree.upper)
    return try TreeChanges.find(
      in: tree.upper, of: tree.layers, since: copied, owner: { owners.inside($0) }
    ).filter { change in
      guard change.kind == .added, let status = change.status else { return true }
      return try !places.isPoint("/\(change.path.text)", status, in: root)
    }
  }

  private func list(
    _ directory: borrowing DirectoryHandle, _ stack: LayerStack, _ path: RawPath?,
    _ changes: inout [FileChange]
  ) throws {
    let names = try directory.names()
    for name in names.sorted(by: { $0.bytes.lexicographicallyPrecedes($1.bytes) }) {
      let whole = path.map { $0.appending(name) } ?? name
      guard let status = try directory.find(name) else { continue }
      let below = try stack.find(whole)
      let text = "/\(whole.text)"
      if OverlayMark.isWhiteout(status) {
        if below != nil { changes.append(FileChange(.deleted, text)) }
        continue
      }
      if below == nil {
        if try isPoint(text, status) { continue }
        changes.append(FileChange(.added, text))
      } else if status.kind != .directory || !places.isParent(text) {
        changes.append(FileChange(.changed, text))
      }
      if status.kind == .directory {
        try list(try directory.openDirectory(name), stack, whole, &changes)
      }
    }
  }

  private func isPoint(_ path: String, _ status: FileStatus) throws -> Bool {
    try places.isPoint(path, status, in: try DirectoryHandle(tree.upper))
  }
}
