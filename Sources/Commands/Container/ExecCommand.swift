import CommandLineKit
import Engine
import LinuxSystem
import Model

enum ExecCommand {
  struct Options: Sendable {
    var request = ExecRequest()
    var latest = false
    var cidFile: String?
    var detachKeys: String?
    var noSession = true
  }

  static let command = Command<GlobalOptions>(
    "exec", summary: "Run a process in a running container",
    usage: "[options] CONTAINER COMMAND [ARG...]",
    examples: ["martlet exec -it web sh"],
    positionals: .atLeast(0, .runningContainer), stopsAtFirstPositional: true,
    defaults: Options(),
    options: [
      .value(
        "cidfile", nil, \.cidFile, "FILE", "Read the container id from a file", complete: .file),
      .flag("detach", "d", \.request.detached, "Run in the background"),
      .value("detach-keys", nil, \.detachKeys, "KEYS", "Keys that leave the process running"),
      .list("env", "e", \.request.environment, "NAME[=VALUE]", "Set an environment variable"),
      .list(
        "env-file", nil, \.request.environmentFiles, "FILE",
        "Read environment variables from a file", complete: .file),
      .flag("interactive", "i", \.request.interactive, "Keep standard input open"),
      .flag("latest", "l", \.latest, "The container that was created last"),
      .flag("no-session", nil, \.noSession, "Keep no record of the process; none is kept anyway"),
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
    if let file = options.cidFile {
      guard !options.latest else {
        throw ErrorReport(.invalidRequest, "--latest and --cidfile cannot be used together")
      }
      let text: String
      do throws(SystemError) { text = try FileTree.readText(file, limit: 4_096) } catch {
        throw ErrorReport(.notFound, "container id file \(file): \(error.reason)")
      }
      id = try ContainerStore(context).resolve(String(text.prefix { !$0.isWhitespace }))
    } else {
      (id, words) = try Selection.one(options.latest, words, context)
    }
    guard !words.isEmpty else {
      throw ErrorReport(
        .invalidRequest,
        "must provide a non-empty command to start an exec session: "
          + "no command for exec was given")
    }
    var request = options.request
    request.command = words
    if !request.privileged {
      request.privileged = try ContainerDefaults(context).execIsPrivileged()
    }
    // Only who types can type them.
    if options.detachKeys != nil || request.canBeLeft {
      request.detachKeys = try context.detachKeys(options.detachKeys)
    }
    return try ExecContainer(context).run(id, request)
  }
}
