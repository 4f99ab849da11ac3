import ImageStore

/// Deletes blobs and layers that neither images nor containers need any more.
public struct CollectLayers {
  private let context: EngineContext

  public init(_ context: EngineContext) { self.context = context }

  /// Where containers are made all the time, the next collection does it.
  private static let attempts = 20

  /// `dropsBorrowed`: layers go as well that were unpacked for images of additional stores.
  ///
  /// - Returns: the bytes that it freed.
  @discardableResult
  public func run(dropsBorrowed: Bool = false) throws -> Int64 {
    for _ in 0..<Self.attempts {
      var request = try ImageUsers(context).request()
      request.dropsBorrowed = dropsBorrowed
      let result = try HelperClient(context).run(.collect(request))
      if result.isStale != true { return result.freed ?? 0 }
    }
    return 0
  }
}
