import ImageStore

/// Deletes blobs and layers that neither images nor containers need any more.
public struct CollectLayers {
  private let context: EngineContext

  public init(_ context: EngineContext) { self.context = context }

  /// `dropsBorrowed`: layers go as well that were unpacked for images of additional stores.
  ///
  /// - Returns: the bytes that it freed.
  @discardableResult
  public func run(dropsBorrowed: Bool = false) throws -> Int64 {
    var request = try ImageUsers(context).request()
    request.dropsBorrowed = dropsBorrowed
    return try HelperClient(context).run(.collect(request)).freed ?? 0
  }
}
