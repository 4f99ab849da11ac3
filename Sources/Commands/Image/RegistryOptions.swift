import CommandLineKit
import Engine
import Model

/// The options of commands that talk to a registry.
struct RegistryOptions: Sendable {
  var platform: String?
  var architecture: String?
  var os: String?
  var variant: String?
  var tlsVerify: Bool?
  var authFile: String?
  var credentials: String?
  var certificateDirectory: String?
  var retries: Int?

  /// What they come to.
  func settings() throws(ErrorReport) -> PullSettings {
    var settings = PullSettings()
    settings.platform = try resolvedPlatform()
    settings.tlsVerify = tlsVerify
    settings.authFile = authFile
    if let credentials {
      guard credentials.contains(":") else {
        throw ErrorReport(
          .invalidRequest, "--creds needs a password", hint: "write --creds USER:PASSWORD")
      }
      settings.credentials = credentials
    }
    settings.certificateDirectory = certificateDirectory
    settings.retries = retries
    return settings
  }

  func resolvedPlatform() throws(ErrorReport) -> String? {
    guard architecture != nil || os != nil || variant != nil else { return platform }
    guard platform == nil else {
      throw ErrorReport(
        .invalidRequest, "--platform cannot be used together with --arch, --os or --variant")
    }
    let host = Platform.host
    let parts = [os ?? host.os, architecture ?? host.architecture] + (variant.map { [$0] } ?? [])
    return parts.joined(separator: "/")
  }

  /// The rows of a command whose options hold these at `path`.
  static func table<Options>(
    _ path: @autoclosure @escaping @Sendable () -> WritableKeyPath<Options, RegistryOptions>
  ) -> [OptionSpec<Options>] {
    [
      .value(
        "platform", nil, path().appending(path: \.platform), "OS/ARCH",
        "The platform to get the image for"),
      .value(
        "arch", nil, path().appending(path: \.architecture), "ARCH",
        "The architecture to get the image for", aliases: ["override-arch"]),
      .value(
        "os", nil, path().appending(path: \.os), "OS", "The operating system to get the image for",
        aliases: ["override-os"]),
      .value(
        "variant", nil, path().appending(path: \.variant), "VARIANT",
        "The variant of the architecture", aliases: ["override-variant"]),
      .optionalBool(
        "tls-verify", nil, path().appending(path: \.tlsVerify),
        "Whether the registry must use HTTPS with a valid certificate"),
      .value(
        "authfile", nil, path().appending(path: \.authFile), "FILE", "Where logins are kept",
        complete: .file),
      .value(
        "creds", nil, path().appending(path: \.credentials), "USER:PASSWORD",
        "Log in with these, for this time alone"),
      .value(
        "cert-dir", nil, path().appending(path: \.certificateDirectory), "DIR",
        "Certificates and keys for the registry", complete: .directory),
      .integer(
        "retry", nil, path().appending(path: \.retries), "COUNT", "How often to try again"),
    ]
  }
}
