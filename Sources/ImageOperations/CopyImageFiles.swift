import ImageStore
import LayerArchive
import LinuxSystem

/// Puts a whole copy of an image's files into a directory of a container that is being made.
///
/// Whoever asks sees to it that an unfinished copy is nobody's: it is in a draft.
struct CopyImageFiles {
  let store: ImageStore
  let reporter: Reporter

  func run(_ request: CopyImageRequest) throws -> HelperEvent.Result {
    let owners = TreeOwners(request.ids)
    try FileTree.ensureDirectory(request.target)
    try FileTree.setMode(request.target, 0o755)
    let merger = try LayerMerger(into: request.target) { (owner) throws(ArchiveError) in
      try owners.outside(owner)
    } onProgress: { [reporter] copied in
      reporter.progress(request.label, .copying, copied, of: request.size)
    }
    for layer in request.layers { try merger.apply(layer) }
    if request.isDurable { try FileTree.syncFilesystem(request.target) }
    reporter.progress(request.label, .done)
    return HelperEvent.Result()
  }
}
