import CommandLineKit
import Engine
import Model

enum UpdateCommand {
  struct Options: Sendable {
    var changes = ContainerChanges()
    var latest = false
  }

  /// Options of podman's that only a new container can have here.
  private static let unsupported: [(name: String, takesValue: Bool, reason: String)] =
    [
      "blkio-weight-device", "cpu-rt-period", "cpu-rt-runtime", "device-read-bps",
      "device-read-iops", "device-write-bps", "device-write-iops", "memory-swappiness", "ulimit",
    ].map { ($0, true, "create the container anew with it") }

  static let command = Command<GlobalOptions>(
    "update", summary: "Change the limits and health checks of containers",
    usage: "[options] CONTAINER [CONTAINER...]",
    description: """
      A running container has new limits at once, if it has a control group, and a new health check; \
      variables count from the next start on.
      """,
    positionals: .atLeast(0, .container), defaults: Options(),
    options: ChangeOptions.limits(\.changes) + others + HealthOptions.specs(\.changes.health)
      + UnsupportedOptions.specs(unsupported)
  ) { options, invocation in
    let context = try invocation.globals.context()
    var selection = SelectionOptions()
    selection.latest = options.latest
    return try Selection(
      context: context, options: selection, words: invocation.arguments, path: invocation.path
    ).forEach { id in try UpdateContainer(context).run(id, options.changes) }
  }

  private static let others: [OptionSpec<Options>] = [
    .list("env", "e", \.changes.environment, "NAME[=VALUE]", "Set a variable for the next start"),
    .flag("latest", "l", \.latest, "The container that was created last"),
    .value(
      "restart", nil, \.changes.restart, "POLICY",
      "When to start again: no, on-failure[:N], always, unless-stopped"),
    .list(
      "unsetenv", nil, \.changes.unsetEnvironment, "NAME", "Drop a variable for the next start"),
  ]
}
