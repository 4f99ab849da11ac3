import ImageStore
struct PullImage {
  let store: ImageStore
  let reporter: Reporter
  func run(_ request: PullRequest) throws -> HelperEvent.Result {
    throw OperationError.badRequest("x")
  }
}
