import Distribution
import LinuxSystem
import Model
import RegistryConfig
import StateStore

/// The credentials for one repository, found before any thread starts: helpers are programs, and
/// only a process of one thread starts those.
enum RegistryCredentials {
  static func find(_ reference: ImageReference, given: String?, authFile: String?) throws
    -> Distribution.Credentials?
  {
    if let given { return try parse(given) }
    return try self.authFile(authFile).find(
      registry: reference.registry, repository: reference.repository)
  }

  /// The user's files; one that he named but is not there holds nothing, as in podman.
  static func authFile(_ path: String?) throws -> AuthFile {
    AuthFile(
      access: access, path: path,
      helpers: try ConfigFiles.current.registries().credentialHelpers)
  }

  static func parse(_ text: String) throws(ErrorReport) -> Distribution.Credentials {
    guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else {
      throw ErrorReport(
        .invalidRequest, "the credentials have no password", hint: "write --creds USER:PASSWORD")
    }
    return .password(
      user: String(text[..<colon]), Secret(String(text[text.index(after: colon)...])))
  }

  static var access: AuthFile.Access {
    AuthFile.Access(
      environment: { CurrentProcess.environment($0) },
      read: { path in
        do throws(SystemError) {
          return try FileTree.read(path, limit: 1 << 20)
        } catch {
          // What the user may not read holds no login of his.
          if [Errno.noEntry, Errno.notDirectory, Errno.accessDenied].contains(error.errno) {
            return nil
          }
          throw error
        }
      },
      write: { path, content in
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        try RecordStore(String(path[..<slash])).write(
          String(path[path.index(after: slash)...]), bytes: content, durability: .power)
      }, runHelper: runHelper)
  }

  private static func runHelper(_ name: String, _ verb: String, _ input: Secret) throws -> Secret? {
    guard let path = Program.find(name, in: CurrentProcess.searchPath) else {
      throw ErrorReport(
        .unavailable, "the credential helper \(name) is not installed",
        hint: "install it, or remove it from the credentials file")
    }
    let output = try Program(path, [verb]).run(input: Array(input.revealed.utf8), limit: 1 << 20)
    return output.end == .exited(0) ? Secret(output.text) : nil
  }
}
