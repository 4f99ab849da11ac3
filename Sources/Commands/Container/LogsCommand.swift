import CommandLineKit
import Engine
import LinuxSystem
import Model

enum LogsCommand {
  struct Options: Sendable {
    var reader = LogReader.Options()
    var names = false
    var latest = false
    var tail = "all"
    var since: String?
    var until: String?
  }

  static let command = Command<GlobalOptions>(
    "logs", summary: "Show what containers wrote", usage: "[options] CONTAINER [CONTAINER...]",
    positionals: .atLeast(0, .container), defaults: Options(),
    options: [
      .flag("follow", "f", \.reader.follow, "Stay and show what comes"),
      .flag("latest", "l", \.latest, "The container that was created last"),
      .flag("names", "n", \.names, "Show the container's name with each line"),
      .value("since", nil, \.since, "TIME", "Only lines since a time or duration"),
      .value("tail", nil, \.tail, "LINES", "Only the last lines, or all"),
      .flag("timestamps", "t", \.reader.timestamps, "Show the time of each line"),
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
    reader.until = try options.until.map { text throws(ErrorReport) in try Moments.parse(text) }
    if options.tail != "all" {
      guard let count = Int(options.tail) else {
        throw ErrorReport(.invalidRequest, "invalid number of lines \"\(options.tail)\"")
      }
      if count >= 0 { reader.tail = count }
    }
    for (_, id) in found {
      let name = options.names ? try ContainerStore(context).load(id).name : nil
      var startsLine = true
      try LogReader(context).run(id, reader) { line in
        var bytes: [UInt8] = []
        if startsLine {
          if let name { bytes += Array("\(name) ".utf8) }
          if reader.timestamps { bytes += Array("\(line.time) ".utf8) }
        }
        bytes += line.text
        startsLine = !line.isPartial
        return Self.show(bytes, toError: line.isError)
      }
    }
    return 0
  }
}

extension LogsCommand {
  /// False when nobody reads any more.
  fileprivate static func show(_ bytes: [UInt8], toError: Bool) -> Bool {
    let target = toError ? Descriptor.standardError : Descriptor.standardOutput
    return (try? Descriptor.writeAll(target, bytes)) != nil
  }
}
