import ImageStore
struct SaveImages {
  let store: ImageStore
  let reporter: Reporter
  func run(_ request: SaveRequest) throws -> HelperEvent.Result {
    throw OperationError.badRequest("x")
  }
}
