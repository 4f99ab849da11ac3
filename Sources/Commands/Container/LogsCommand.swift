import CommandLineKit
import Engine
import LinuxSystem
import Model

enum LogsCommand {
  struct Options: Sendable {
    var reader = LogReader.Options()
    var display = LogDisplay.Options()
    var latest = false
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

/// Times of options: a moment, or a duration back from now such as `10m`.
enum Moments {
  /// `forward`: a duration counts from now on instead.
  static func parse(_ text: String, forward: Bool = false) throws(ErrorReport) -> Int64 {
    if let duration = GoDuration.parse(text) {
      return Clock.realtime() + (forward ? duration : -duration)
    }
    if let time = Timestamp.parse(text) { return time }
    throw ErrorReport(
      .invalidRequest, "invalid time \"\(text)\"",
      hint: "write 2026-01-31T12:00:00Z, seconds since 1970, or a duration such as 10m")
  }
}

/// Durations as Go writes them: `1h30m`, `1.5s`, `-300ms`.
enum GoDuration {
  /// Nanoseconds; nil for anything else.
  static func parse(_ text: String) -> Int64? {
    var rest = Substring(text)
    var total = 0.0
    let isNegative = rest.hasPrefix("-")
    if isNegative || rest.hasPrefix("+") { rest = rest.dropFirst() }
    guard !rest.isEmpty else { return nil }
    let units: [(String, Double)] = [
      ("ms", 1e6), ("us", 1e3), ("ns", 1), ("h", 3.6e12), ("m", 6e10), ("s", 1e9),
    ]
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      guard !digits.isEmpty, let number = Double(digits) else { return nil }
      rest = rest[digits.endIndex...]
      guard let unit = units.first(where: { rest.hasPrefix($0.0) }) else { return nil }
      rest = rest.dropFirst(unit.0.count)
      total += number * unit.1
    }
    return total < 9e18 ? Int64(isNegative ? -total : total) : nil
  }
}
