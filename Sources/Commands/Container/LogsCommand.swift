import CommandLineKit
import Engine
import LinuxSystem
import Model

enum LogsCommand {
  struct Options: Sendable {
    var reader = LogReader.Options()
    var display = LogDisplay.Options()
    var latest = false
    var details = false
    var tail = "all"
    var since: String?
    var until: String?
  }

  static let command = Command<GlobalOptions>(
    "logs", summary: "Show what containers wrote", usage: "[options] CONTAINER [CONTAINER...]",
    description: """
      The lines of several containers come in the order of their times, each with the id of its \
      container. A duration counts back from now; with --follow, that of --until counts from now on.
      """,
    positionals: .atLeast(0, .container), defaults: Options(),
    options: [
      .flag("color", nil, \.display.colors, "Show ids and names in colours"),
      .flag(
        "details", nil, \.details, "For docker's scripts: the drivers keep no further details",
        hidden: true),
      .flag("follow", "f", \.reader.follow, "Stay and show what comes"),
      .flag("latest", "l", \.latest, "The container that was created last"),
      .flag("names", "n", \.display.names, "Show the container's name with each line"),
      .value("since", nil, \.since, "TIME", "Only lines since a time or duration"),
      .value("tail", nil, \.tail, "LINES", "Only the last lines, or all"),
      .flag("timestamps", "t", \.display.timestamps, "Show the time of each line"),
      .value("until", nil, \.until, "TIME", "Only lines until a time or duration"),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    var selection = SelectionOptions()
    selection.latest = options.latest
    let (found, missing) = try Selection(
      context: context, options: selection, words: invocation.arguments, path: invocation.path
    ).resolve()
    if missing > 0 { return 125 }
    var reader = options.reader
    reader.since = try options.since.map { text throws(ErrorReport) in try Moments.parse(text) }
    reader.until = try options.until.map { text throws(ErrorReport) in
      try Moments.parse(text, forward: reader.follow)
    }
    if options.tail != "all" {
      guard let count = Int(options.tail) else {
        throw ErrorReport(.invalidRequest, "invalid number of lines \"\(options.tail)\"")
      }
      if count >= 0 { reader.tail = count }
    }
    let ids = found.map(\.id)
    var display = LogDisplay(try labels(ids, options.display, context), options.display)
    try LogReader(context).run(ids, reader, idle: { display.flush() }) { index, line in
      display.show(line, of: index)
    }
    return 0
  }

  /// What stands before the lines of each container; nil when there is only one.
  private static func labels(
    _ ids: [String], _ options: LogDisplay.Options, _ context: EngineContext
  ) throws -> [String?] {
    guard ids.count > 1 || options.names else { return ids.map { _ in nil } }
    let store = ContainerStore(context)
    return try ids.map { options.names ? try store.load($0).name : String($0.prefix(12)) }
  }
}
