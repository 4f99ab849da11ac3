import Synchronization

/// Authorization headers that worked, by registry and scope; safe to share between threads.
public final class TokenCache: Sendable {
  private struct Key: Hashable {
    let origin: String
    let scope: String
  }

  private let headers = Mutex<[Key: Secret]>([:])

  public init() {}

  func find(origin: String, scope: String) -> Secret? {
    headers.withLock { $0[Key(origin: origin, scope: scope)] }
  }

  func store(_ header: Secret, origin: String, scope: String) {
    headers.withLock { $0[Key(origin: origin, scope: scope)] = header }
  }

  func remove(origin: String, scope: String) {
    headers.withLock { $0[Key(origin: origin, scope: scope)] = nil }
  }
}
