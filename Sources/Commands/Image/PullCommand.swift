import CommandLineKit
import Engine
import ImageStore
import Model

enum PullCommand {
  struct Options: Sendable {
    var quiet = false
    var policy = "always"
    var registry = RegistryOptions()
  }

  static let command = MartletCommand(
    "pull", summary: "Get images from their registries",
    usage: "[options] IMAGE [IMAGE...]",
    description:
      "A name without a registry means docker.io. Prints the id of each image.",
    examples: ["martlet pull alpine", "martlet pull --platform linux/arm64 quay.io/podman/hello"],
    positionals: .atLeast(1, .image), defaults: Options(),
    options: [
      .flag("quiet", "q", \.quiet, "Show no progress"),
      .value(
        "policy", nil, \.policy, "POLICY", "When to get an image that is here already",
        choices: PullPolicy.allCases.map(\.rawValue)),
    ] + RegistryOptions.table(\.registry)
  ) { options, invocation in
    let context = try invocation.globals.context()
    let settings = try options.registry.settings()
    let policy = PullPolicy(rawValue: options.policy) ?? .always
    var status: Int32 = 0
    for name in invocation.arguments {
      do {
        let image = try pull(name, policy, settings, quiet: options.quiet, context)
        try Output.line(image)
      } catch {
        status = CommandFailure.end(error)
      }
    }
    return status
  }

  private static func pull(
    _ name: String, _ policy: PullPolicy, _ settings: PullSettings, quiet: Bool,
    _ context: EngineContext
  ) throws -> String {
    var display = TransferDisplay(quiet: quiet)
    defer { display.finish() }
    return try ResolveImage(context).run(
      name, pull: policy, settings,
      starting: { if !quiet { Message.note("Trying to pull \($0.full)...") } },
      events: { display.show($0) }
    ).image.id.hex
  }
}
