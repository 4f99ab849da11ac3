public import ImageStore
import Model
import RegistryConfig

/// Logs in to registries and out of them.
public struct LoginRegistry {
  private let context: EngineContext

  public init(_ context: EngineContext) { self.context = context }

  /// Has the registry check the credentials and keeps them.
  ///
  /// Without a user, the login that is kept is checked.
  /// - Returns: the user's name.
  public func login(
    _ registry: String, user: String?, password: String?, _ access: RegistryAccess
  ) throws -> String {
    var request = LoginRequest(action: .login, registry: registry, access: access)
    request.user = user
    request.password = password
    return try HelperClient(context).run(.login(request)).user ?? ""
  }

  /// The name that the registry knows the user by.
  public func user(_ registry: String, _ access: RegistryAccess) throws -> String {
    let request = LoginRequest(action: .show, registry: registry, access: access)
    return try HelperClient(context).run(.login(request)).user ?? ""
  }

  /// Forgets one login, or all when `registry` is nil.
  public func logout(_ registry: String?, _ access: RegistryAccess) throws {
    let request = LoginRequest(
      action: registry == nil ? .logoutAll : .logout, registry: registry, access: access)
    _ = try HelperClient(context).run(.login(request))
  }

  /// The registry that is meant when none is named: the first to search, or docker.io.
  public static func defaultRegistry() throws -> String {
    try ConfigFiles.current.registries().searchRegistries?.first ?? ImageReference.defaultRegistry
  }

  /// What a login is kept under: a host with optional port and namespace, without a scheme.
  public static func key(_ text: String) throws -> String {
    var rest = text[...]
    for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) {
      rest = rest.dropFirst(scheme.count).prefix { $0 != "/" }
    }
    while rest.hasSuffix("/") { rest.removeLast() }
    let host = rest.prefix { $0 != "/" }
    guard !host.isEmpty, (try? ImageReference("\(host)/x")) != nil,
      rest == host || (try? ImageReference(rest)) != nil
    else {
      throw ErrorReport(
        .invalidRequest, "\(text.debugDescription) is not a registry",
        hint: "write its host name, such as quay.io or localhost:5000")
    }
    return String(rest)
  }
}
