import CommandLineKit
import Engine
import Model

enum CloneCommand {
  struct Options: Sendable {
    var changes = ContainerChanges()
    var name: String?
    var destroy = false
    var force = false
    var run = false
  }

  private static let unsupported: [(name: String, takesValue: Bool, reason: String)] = [
    "blkio-weight-device", "cpu-rt-period", "cpu-rt-runtime", "device-read-bps",
    "device-write-bps", "memory-swappiness", "pod",
  ].map { ($0, true, "create the container with it") }

  static let command = Command<GlobalOptions>(
    "clone", summary: "Make a container with the configuration of another",
    usage: "[options] CONTAINER [NAME]",
    description: """
      The new container has its own anonymous volumes and nothing of what the old one has written.
      """,
    positionals: .between(1, 2, .container), defaults: Options(),
    options: ChangeOptions.limits(\.changes) + [
      .flag("destroy", nil, \.destroy, "Remove the old container"),
      .flag("force", "f", \.force, "With --destroy: even if it runs"),
      .value("name", nil, \.name, "NAME", "The name of the new container"),
      .flag("run", nil, \.run, "Start the new container"),
    ] + UnsupportedOptions.specs(unsupported)
  ) { options, invocation in
    let context = try invocation.globals.context()
    if options.force, !options.destroy {
      throw ErrorReport(.invalidRequest, "cannot set --force without --destroy")
    }
    let old = try ContainerStore(context).resolve(invocation.arguments[0])
    let words = invocation.arguments
    let name = options.name ?? (words.count > 1 ? words[1] : nil)
    let id = try CloneContainer(context).run(old, name: name, options.changes)
    if options.destroy {
      try RemoveContainer(context).run(old, force: options.force, volumes: false)
    }
    if options.run { try StartContainer(context).detached(id) }
    try Output.line(id)
    return 0
  }
}
