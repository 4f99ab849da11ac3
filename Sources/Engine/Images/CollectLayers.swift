import ImageStore

/// Deletes blobs and layers that neither images nor containers need any more.
public struct CollectLayers {
  private let context: EngineContext

  public init(_ context: EngineContext) { self.context = context }

  /// The bytes that it freed.
  @discardableResult
  public func run() throws -> Int64 {
    let request = try ImageUsers(context).request()
    return try HelperClient(context).run(.collect(request)).freed ?? 0
  }
}
