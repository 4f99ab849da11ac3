import CommandLineKit
import Engine
import Model

enum TopCommand {
  struct Options: Sendable {
    var latest = false
  }

  static let command = Command<GlobalOptions>(
    "top", summary: "Show the processes of a container",
    usage: "[options] CONTAINER [DESCRIPTOR...]",
    description: """
      Descriptors are columns: user, pid, ppid, pcpu, etime, tty, time, comm, args and others of \
      ps(1), or hpid, huser, hgroup as the host sees them. Anything else goes to a ps in the \
      container.
      """,
    examples: ["martlet top web", "martlet top web pid,args"],
    positionals: .atLeast(0, .runningContainer), stopsAtFirstPositional: true,
    defaults: Options(),
    options: [.flag("latest", "l", \.latest, "The container that was created last")]
  ) { options, invocation in
    let context = try invocation.globals.context()
    let (id, words) = try Selection.one(options.latest, invocation.arguments, context)
    guard TopContainer.knows(words) else {
      var request = ExecRequest()
      request.command = ["ps"] + words
      return try ExecContainer(context).run(id, request)
    }
    let table = try TopContainer(context).run(id, words)
    var text = TextTable(headings: table.headings)
    for row in table.rows { text.append(row) }
    try Output.write(text.render())
    return 0
  }
}
