import CommandLineKit
import Engine
import ImageStore
import Model

/// The options of commands that talk to a registry.
struct RegistryOptions: Sendable {
  var platform: String?
  var architecture: String?
  var os: String?
  var variant: String?
  var tlsVerify: Bool?
  var authFile: String?
  /// The same in docker's spelling, for `login` and `logout`.
  var dockerAuthFile: String?
  var credentials: String?
  var certificateDirectory: String?
  var retries: Int?
  var retryDelay: String?

  /// What they come to.
  func settings() throws(ErrorReport) -> PullSettings {
    var settings = PullSettings()
    settings.platform = try resolvedPlatform()
    settings.access = try access()
    return settings
  }

  /// With `--config` logins are kept in docker's file there, unless another is named.
  mutating func useDockerDirectory(_ globals: GlobalOptions) {
    guard authFile == nil, dockerAuthFile == nil, let directory = globals.dockerConfig else {
      return
    }
    dockerAuthFile = "\(directory)/config.json"
  }

  func access() throws(ErrorReport) -> RegistryAccess {
    var access = RegistryAccess()
    access.tlsVerify = tlsVerify
    if let dockerAuthFile {
      guard authFile == nil else {
        throw ErrorReport(
          .invalidRequest,
          "options for paths to the credential file and to the Docker-compatible credential file "
            + "can not be set simultaneously", hint: "give --authfile or --compat-auth-file")
      }
      access.authFile = dockerAuthFile
      access.isDockerFile = true
    } else {
      access.authFile = authFile
    }
    if let credentials {
      guard credentials.contains(":") else {
        throw ErrorReport(
          .invalidRequest, "--creds needs a password", hint: "write --creds USER:PASSWORD")
      }
      access.credentials = credentials
    }
    access.certificateDirectory = certificateDirectory
    access.retries = retries
    access.retryDelay = try retryDelay.map { text throws(ErrorReport) in
      guard let delay = Self.milliseconds(text) else {
        throw ErrorReport(
          .invalidRequest, "time: invalid duration \"\(text)\"",
          hint: "for --retry-delay write 500ms, 2s or 1m")
      }
      return delay
    }
    return access
  }

  func resolvedPlatform() throws(ErrorReport) -> String? {
    guard architecture != nil || os != nil || variant != nil else { return platform }
    guard platform == nil else {
      throw ErrorReport(
        .invalidRequest, "--platform option can not be specified with --arch or --os")
    }
    let host = Platform.host
    let parts = [os ?? host.os, architecture ?? host.architecture] + (variant.map { [$0] } ?? [])
    return parts.joined(separator: "/")
  }

  /// The rows of a command whose options hold these at `path`.
  static func table<Options>(
    _ path: @autoclosure @escaping @Sendable () -> WritableKeyPath<Options, RegistryOptions>
  ) -> [OptionSpec<Options>] {
    platformTable(path()) + accessTable(path()) + retryTable(path())
  }

  static func platformTable<Options>(
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
    ]
  }

  /// Where a login is wanted.
  static func accessTable<Options>(
    _ path: @autoclosure @escaping @Sendable () -> WritableKeyPath<Options, RegistryOptions>
  ) -> [OptionSpec<Options>] {
    loginTable(path()) + [
      .value(
        "creds", nil, path().appending(path: \.credentials), "USER:PASSWORD",
        "Log in with these, for this time alone")
    ]
  }

  /// The rows of `login` itself.
  static func loginTable<Options>(
    _ path: @autoclosure @escaping @Sendable () -> WritableKeyPath<Options, RegistryOptions>
  ) -> [OptionSpec<Options>] {
    [
      .optionalBool(
        "tls-verify", nil, path().appending(path: \.tlsVerify),
        "Whether the registry must use HTTPS with a valid certificate"),
      .value(
        "authfile", nil, path().appending(path: \.authFile), "FILE", "Where logins are kept",
        complete: .file),
      .value(
        "cert-dir", nil, path().appending(path: \.certificateDirectory), "DIR",
        "Certificates and keys for the registry", complete: .directory),
    ]
  }

  /// `job`: what may fail, "pull" or "push".
  static func retryTable<Options>(
    _ path: @autoclosure @escaping @Sendable () -> WritableKeyPath<Options, RegistryOptions>,
    _ job: String = "pull"
  ) -> [OptionSpec<Options>] {
    [
      .integer(
        "retry", nil, path().appending(path: \.retries), "COUNT",
        "Retries when performing \(job)"
      ).following("engine.retry", standard: "\(RegistryAccess.standardRetries)"),
      .value(
        "retry-delay", nil, path().appending(path: \.retryDelay), "DURATION",
        "Pause after \(job) failures"
      ).following("engine.retry_delay"),
    ]
  }

  /// `500ms`, `2s`, `1m`; a bare number counts seconds.
  static func milliseconds(_ text: String) -> Int? {
    for (unit, factor) in [("ms", 1), ("s", 1_000), ("m", 60_000), ("", 1_000)]
    where text.hasSuffix(unit) {
      guard let number = Double(text.dropLast(unit.count)), number >= 0, number < 86_400 else {
        return nil
      }
      return Int(number * Double(factor))
    }
    return nil
  }
}

extension OptionSpec {
  /// For commands that take an image that is here; `CheckPlatform` asks for the platform.
  static func checkedPlatform(_ path: @autoclosure @escaping Path<String?>) -> Self {
    .value(
      "platform", nil, path(), "OS/ARCH", "Take the image only if it is for this platform")
  }
}
