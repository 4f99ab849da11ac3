import ImageStore
import LinuxSystem
import StateStore

/// The lowest layer of every container's root: empty files and directories to mount things on.
///
/// Images without them get them from here; in images that have their own, those hide these.
struct PlaceholderLayer {
  private static let name = "placeholders"
  private static let directories = ["dev", "etc", "proc", "run", "sys"]
  private static let files = ["etc/hostname", "etc/hosts", "etc/resolv.conf", "run/.containerenv"]

  private let root: String

  /// `root`: the directory of all layers.
  init(_ root: String) { self.root = root }

  /// Makes it when it is missing; its name below the directory of all layers.
  func ensure() throws(SystemError) -> String {
    let path = "\(root)/\(Self.name)"
    if FileTree.exists(path) { return Self.name }
    // What a killed command leaves is swept with the layers' trash; a sweep that meets a draft which
    // is still written makes us begin again.
    for _ in 0..<16 {
      do throws(SystemError) {
        try make("\(root)/\(LayerDirectory.trashPrefix)\(try RandomName.make())", path)
        break
      } catch {
        guard error.errno == Errno.noEntry else { throw error }
      }
    }
    return Self.name
  }

  private func make(_ draft: String, _ path: String) throws(SystemError) {
    try FileTree.ensureDirectory(draft, mode: 0o755)
    do throws(SystemError) {
      for name in Self.directories { try FileTree.makeDirectory("\(draft)/\(name)", mode: 0o755) }
      for name in Self.files { try FileTree.write("\(draft)/\(name)", "", mode: 0o644) }
      try FileTree.renameNew(draft, to: path)
    } catch {
      _ = try? FileTree.removeTree(draft)
      // Another command was first.
      guard error.errno == Errno.exists else { throw error }
    }
  }
}
