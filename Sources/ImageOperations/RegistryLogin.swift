import Distribution
import ImageStore
import LinuxSystem
import Model
import RegistryConfig

/// Logs in to registries and out of them.
struct RegistryLogin {
  let request: LoginRequest
  let reporter: Reporter

  func run() throws -> HelperEvent.Result {
    var files = try RegistryCredentials.authFile(request.access.authFile)
    files.writesDockerKeys = request.access.isDockerFile ?? false
    var result = HelperEvent.Result()
    switch request.action {
    case .login: (result.user, result.path) = try login(files)
    case .show:
      guard let credentials = try find(files), let user = Self.user(credentials) else {
        throw notLoggedIn()
      }
      result.user = user
    case .logout:
      guard try files.erase(try key()) else { throw notLoggedIn() }
    case .logoutAll: try files.eraseAll()
    }
    return result
  }

  /// Without a name and password the login that is kept already is checked.
  private func login(_ files: AuthFile) throws -> (user: String?, path: String?) {
    let key = try key()
    guard let user = request.user, let password = request.password else {
      guard let credentials = try find(files) else { throw notLoggedIn() }
      try check(credentials)
      return (Self.user(credentials), nil)
    }
    let credentials = Distribution.Credentials.password(user: user, Secret(password))
    try check(credentials)
    return (user, try files.store(credentials, for: key))
  }

  private func check(_ credentials: Distribution.Credentials) throws {
    let host = try host()
    let reference = try ImageReference("\(host)/login")
    let registry = try ConfigFiles.current.registries().find(reference)
    let place = RegistryConnections.Place(
      source: RegistriesConfig.Source(
        reference: reference, isInsecure: registry?.isInsecure ?? false),
      credentials: credentials)
    do {
      try RegistryConnections(request.access, reporter).makeClient(for: place).checkLogin(host)
    } catch let error as RegistryError {
      guard case .unauthorized(_, let message) = error else { throw error }
      throw ErrorReport(
        .notPermitted,
        "logging into \"\(host)\": invalid username/password",
        hint: "check them and try again" + (message.map { "; the registry says: \($0)" } ?? ""))
    }
  }

  private func find(_ files: AuthFile) throws -> Distribution.Credentials? {
    let parts = try key().split(separator: "/", maxSplits: 1)
    return try files.find(
      registry: String(parts[0]), repository: parts.count > 1 ? String(parts[1]) : "")
  }

  private static func user(_ credentials: Distribution.Credentials) -> String? {
    switch credentials {
    case .password(let user, _): user
    case .identityToken: "<token>"
    }
  }

  private func host() throws -> String { String(try key().prefix { $0 != "/" }) }

  private func key() throws -> String {
    guard let registry = request.registry else {
      throw OperationError.badRequest("no registry")
    }
    return registry
  }

  private func notLoggedIn() -> ErrorReport {
    let registry = request.registry ?? ""
    return ErrorReport(
      .notFound, "not logged in to \(registry)", hint: "log in with: martlet login \(registry)")
  }
}
