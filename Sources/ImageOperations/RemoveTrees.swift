import ImageStore
struct RemoveTrees {
  let data: String
  func run(_ request: RemoveTreesRequest) throws -> HelperEvent.Result {
    throw OperationError.badRequest("x")
  }
}
