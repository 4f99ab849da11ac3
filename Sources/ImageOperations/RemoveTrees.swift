import ImageStore
import LinuxSystem
import StateStore

/// Removes directories of containers, whose files belong to ids that only the user namespace has.
struct RemoveTrees {
  let data: String

  func run(_ request: RemoveTreesRequest) throws -> HelperEvent.Result {
    var errors = ErrorCollector()
    for path in request.paths {
      errors.collect {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        // A mistake here would remove a home directory.
        guard path.hasPrefix("\(data)/"), path.utf8.count > data.utf8.count + 1,
          !parts.contains(".."), !parts.contains(".")
        else { throw OperationError.outsideStore(path: path) }
        try FileTree.removeTree(path)
      }
    }
    try errors.check()
    return HelperEvent.Result()
  }
}
