import CommandLineKit
import Engine
import ImageStore
import Model

enum PullCommand {
  struct Options: Sendable {
    var quiet = false
    var policy = "always"
    var all = false
    var disablesContentTrust = true
    var registry = RegistryOptions()
  }

  static let command = MartletCommand(
    "pull", summary: "Get images from their registries",
    usage: "[options] IMAGE [IMAGE...]",
    description:
      "A name without a registry is looked for as registries.conf says, or at docker.io. "
      + "docker-archive:, oci-archive:, oci: and dir: with a path take images from files. "
      + "Prints the id of each image.",
    examples: ["martlet pull alpine", "martlet pull --platform linux/arm64 quay.io/podman/hello"],
    positionals: .atLeast(1, .image), defaults: Options(),
    options: [
      .flag("quiet", "q", \.quiet, "Show no progress"),
      .flag("all-tags", "a", \.all, "Get every tag of the repositories"),
      .value(
        "policy", nil, \.policy, "POLICY", "When to get an image that is here already",
        choices: PullPolicy.allCases.map(\.rawValue)),
      .parsed(
        "decryption-key", nil, "KEY", "Not supported: images that are encrypted", hidden: true,
        { _, _ throws(UsageError) in throw UsageError("encrypted images are not supported") }),
      .flag(
        "disable-content-trust", nil, \.disablesContentTrust,
        "For docker's scripts: there is no content trust to disable", hidden: true),
    ] + RegistryOptions.table(\.registry)
  ) { options, invocation in
    let context = try invocation.globals.context()
    let settings = try options.registry.settings()
    let policy = PullPolicy(rawValue: options.policy) ?? .always
    var status: Int32 = 0
    let names =
      options.all
      ? try invocation.arguments.flatMap {
        try ListTags(context).names($0, settings.access).map(\.full)
      } : invocation.arguments
    for name in names {
      do {
        if let path = ArchiveImages.path(name) {
          try load(name, path, settings, quiet: options.quiet, context)
        } else {
          let image = try pull(name, policy, settings, quiet: options.quiet, context)
          try Output.line(image)
        }
      } catch {
        status = CommandFailure.end(error)
      }
    }
    return status
  }

  private static func load(
    _ name: String, _ path: String, _ settings: PullSettings, quiet: Bool,
    _ context: EngineContext
  ) throws {
    var display = TransferDisplay(quiet: quiet)
    defer { display.finish() }
    let images = try ArchiveImages(context).load(
      path, pulled: name, platform: settings.platform, events: { display.show($0) })
    for image in images { try Output.line(image.id.hex) }
  }

  private static func pull(
    _ name: String, _ policy: PullPolicy, _ settings: PullSettings, quiet: Bool,
    _ context: EngineContext
  ) throws -> String {
    try ImagePuller.resolve(name, policy, settings, quiet: quiet, context).image.id.hex
  }
}
