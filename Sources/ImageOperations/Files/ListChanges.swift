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
    let stack = try LayerStack(tree.layers)
    var result = HelperEvent.Result()
    var changes: [FileChange] = []
    try list(try DirectoryHandle(tree.upper), stack, nil, &changes)
    result.changes = changes
    return result
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
