import ImageStore
struct ImportRootfs {
  let store: ImageStore
  let reporter: Reporter
  func run(_ request: ImportRequest) throws -> HelperEvent.Result {
    throw OperationError.badRequest("x")
  }
}
