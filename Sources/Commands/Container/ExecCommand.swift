import CommandLineKit
import Engine
import Model

enum ExecCommand {
  struct Options: Sendable {
    var request = ExecRequest()
    var latest = false
  }

  static let command = Command<GlobalOptions>(
    "exec", summary: "Run a process in a running container",
    usage: "[options] CONTAINER COMMAND [ARG...]",
    examples: ["martlet exec -it web sh"],
    positionals: .atLeast(1, .runningContainer), stopsAtFirstPositional: true,
    defaults: Options(),
    options: [
      .flag("detach", "d", \.request.detached, "Run in the background"),
      .list("env", "e", \.request.environment, "NAME[=VALUE]", "Set an environment variable"),
      .list(
        "env-file", nil, \.request.environmentFiles, "FILE",
        "Read environment variables from a file", complete: .file),
      .flag("interactive", "i", \.request.interactive, "Keep standard input open"),
      .flag("latest", "l", \.latest, "The container that was created last"),
      .integer(
        "preserve-fds", nil, \.request.preservedDescriptors, "COUNT",
        "Pass this many further descriptors"),
      .flag("privileged", nil, \.request.privileged, "Give all the rights that the user has"),
      .flag("tty", "t", \.request.terminal, "Give the process a terminal"),
      .value("user", "u", \.request.user, "USER[:GROUP]", "Run as this user"),
      .value("workdir", "w", \.request.workingDirectory, "DIR", "Set the working directory"),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    var words = invocation.arguments
    let id: String
    if options.latest {
      guard let newest = try ListContainers(context).run().first else {
        throw ErrorReport(.notFound, "there is no container")
      }
      id = newest.id
    } else {
      id = try ContainerStore(context).resolve(words.removeFirst())
    }
    guard !words.isEmpty else {
      throw ErrorReport(
        .invalidRequest,
        "must provide a non-empty command to start an exec session: "
          + "no command for exec was given")
    }
    var request = options.request
    request.command = words
    return try ExecContainer(context).run(id, request)
  }
}
