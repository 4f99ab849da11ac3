import ImageStore
struct CollectGarbage {
  let store: ImageStore
  func run(_ request: CollectRequest) throws -> HelperEvent.Result {
    throw OperationError.badRequest("x")
  }
}
