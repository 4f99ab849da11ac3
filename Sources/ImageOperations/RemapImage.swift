import ImageStore
struct RemapImage {
  let store: ImageStore
  let reporter: Reporter
  func run(_ request: RemapRequest) throws -> HelperEvent.Result {
    throw OperationError.badRequest("x")
  }
}
