import ImageStore
import LayerArchive
import LinuxSystem
import Model

/// Writes a container's root as a tar archive; what is mounted in it is left out.
struct ExportFiles {
  func run(_ request: ExportRequest) throws -> HelperEvent.Result {
    let sink = ArchiveSink(
      TarWriter { (bytes, range) throws(ArchiveError) in
        do throws(SystemError) {
          try OpenFile.write(HelperRequest.userOutput, bytes, range)
        } catch {
          throw .source(
            ErrorReport(
              .unavailable, "writing the archive: \(error.reason)",
              hint: error.errno == Errno.noSpace ? "free some space on the disk" : nil))
        }
      })
    try Self.send(request.tree, to: sink)
    return HelperEvent.Result()
  }

  /// Sends all that is in a tree, owners as the tree's own processes see them.
  static func send(_ tree: TreePlace, to sink: any EntrySink) throws {
    let root = try TreeRoot(tree)
    let owners = TreeOwners(tree.ids)
    var options = TreeSender.Options()
    options.owner = { (owner) throws(ArchiveError) in owners.inside(owner) }
    let file = try root.locate(tree.path)
    guard file.isDirectory else { throw TreeRoot.missing(tree) }
    try TreeSender(sink, options).sendContents(of: try file.openDirectory(), under: nil)
    try sink.finish()
  }
}
