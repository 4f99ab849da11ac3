import CommandLineKit
import Engine
import LinuxSystem
import Model

/// Options of commands that work on several containers.
struct SelectionOptions: Sendable {
  var all = false
  var latest = false
  var filters: [String] = []
  var force = false
  var volumes = false
  var depend = false
  var ignore = false
  var running = false
  var time: Int?
  var signal = "KILL"
  var attach = false
  var interactive = false
  var detachKeys: String?
  var passesSignals = true
  var cidFiles: [String] = []

  static let everyone: [OptionSpec<SelectionOptions>] = [
    .flag("all", "a", \.all, "All containers"),
    .flag("latest", "l", \.latest, "The container that was created last"),
  ]
  static let cidFile: [OptionSpec<SelectionOptions>] = [
    .list("cidfile", nil, \.cidFiles, "FILE", "Read the container id from a file", complete: .file)
  ]
  static let ignoring: [OptionSpec<SelectionOptions>] = [
    .flag("ignore", "i", \.ignore, "Containers that do not exist are no error")
  ]
  static let filtering: [OptionSpec<SelectionOptions>] = [
    .list("filter", "f", \.filters, "KEY=VALUE", "Only containers that match, as for ps")
  ]
  static let timeout = OptionSpec<SelectionOptions>.integer(
    "time", "t", \.time, "SECONDS", "Seconds until the container is killed", aliases: ["timeout"])
}

/// Which containers a command means, and how it goes through them.
struct Selection {
  /// Which of all containers `--all` means.
  enum States { case any, running, alive, paused, notRunning }

  typealias Target = (name: String, id: String)

  let context: EngineContext
  let options: SelectionOptions
  let words: [String]
  let path: String

  /// Names as they were given, with ids; those that do not exist are reported, or ignored.
  func resolve(in states: States = .any) throws -> (found: [Target], missing: Int) {
    try check()
    let filter = try ContainerFilter(options.filters)
    guard !options.all, !options.latest, options.filters.isEmpty else {
      return try chosen(filter, states)
    }
    var found: [Target] = []
    var missing = 0
    let store = ContainerStore(context)
    for name in try words + idsOfFiles() {
      if let id = try store.find(name) {
        if !found.contains(where: { $0.id == id }) { found.append((name, id)) }
      } else if !options.ignore {
        missing += 1
        _ = CommandFailure.end(noSuchContainer(name))
      }
    }
    return (found, missing)
  }

  /// Podman's `rm` has its own words for it.
  private func noSuchContainer(_ name: String) -> any Error {
    path.hasSuffix(" rm")
      ? ErrorReport(.notFound, "no container with ID or name \"\(name)\" found: no such container")
      : EngineError.noSuchContainer(name)
  }

  private var allWithNames: String {
    path.hasSuffix("start")
      ? "either start all containers or the container(s) provided in the arguments"
      : "no arguments are needed with --all"
  }

  private func check() throws(ErrorReport) {
    let ways = [options.all, options.latest, !options.cidFiles.isEmpty].count { $0 }
    if ways > 1 {
      throw ErrorReport(
        .invalidRequest, "--all, --latest, and --cidfile cannot be used together")
    }
    if !words.isEmpty, options.all || options.latest {
      throw ErrorReport(
        .invalidRequest,
        options.all
          ? allWithNames
          : "--latest and containers cannot be used together")
    }
    if words.isEmpty, ways == 0, options.filters.isEmpty, !options.running {
      throw ErrorReport(
        .invalidRequest, "you must provide at least one name or id", advice: .help(command: path))
    }
  }

  /// With `--all`, `--latest` or a filter.
  private func chosen(_ filter: ContainerFilter, _ states: States) throws -> (
    found: [Target], missing: Int
  ) {
    let all = try ListContainers(context).run()
    if options.latest {
      guard let newest = all.first else {
        throw ErrorReport(.notFound, "there is no container: no such container")
      }
      return ([(newest.id, newest.id)], 0)
    }
    var list = all
    var given: [String: String] = [:]
    if !words.isEmpty || !options.cidFiles.isEmpty {
      let store = ContainerStore(context)
      for word in try words + idsOfFiles() {
        if let id = try store.find(word) { given[id] = word }
      }
      list = list.filter { given[$0.id] != nil }
    }
    let chosen = list.filter { row in
      filter.matches(row, all: all) && (!options.all || includes(states, row.status))
    }
    return (chosen.map { (given[$0.id] ?? $0.id, $0.id) }, 0)
  }

  private func includes(_ states: States, _ status: ContainerStatus) -> Bool {
    switch (states, status) {
    case (.any, _), (.alive, .running), (.alive, .paused), (.alive, .stopping),
      (.alive, .restarting), (.running, .running), (.paused, .paused):
      true
    case (.notRunning, _): !status.isAlive && status != .restarting
    default: false
    }
  }

  private func idsOfFiles() throws -> [String] {
    var ids: [String] = []
    for file in options.cidFiles {
      do throws(SystemError) {
        let text = try FileTree.readText(file, limit: 4_096)
        ids.append(String(text.prefix { !$0.isWhitespace }))
      } catch {
        guard options.ignore, error.errno == Errno.noEntry else {
          throw ErrorReport(.notFound, "reading CIDFile: open \(file): \(error.reason)")
        }
      }
    }
    return ids
  }

  /// Runs `body` for each; prints the names as given; errors are told and the rest still happens.
  func forEach(in states: States = .any, echo: Bool = true, _ body: (String) throws -> Void)
    throws -> Int32
  {
    var selection = self
    // A command that only means running containers needs no further choice of them.
    if options.running, words.isEmpty {
      var options = options
      options.all = true
      selection = Selection(context: context, options: options, words: words, path: path)
    }
    let (found, missing) = try selection.resolve(in: states)
    var status: Int32 = missing > 0 ? 125 : 0
    for (name, id) in found {
      do {
        try body(id)
        if echo { try Output.line(name) }
      } catch EngineError.noSuchContainer where options.ignore {
        continue
      } catch {
        status = 125
        _ = CommandFailure.end(error)
      }
    }
    return status
  }

  /// The one container that a command is about: the first word, or the newest with `--latest`.
  ///
  /// - Returns: its id, and the words that are left.
  static func one(_ latest: Bool, _ words: [String], _ context: EngineContext) throws -> (
    id: String, rest: [String]
  ) {
    if latest {
      guard let newest = try ListContainers(context).run().first else {
        throw ErrorReport(.notFound, "there is no container: no such container")
      }
      return (newest.id, words)
    }
    guard let first = words.first else {
      throw ErrorReport(.invalidRequest, "you must provide at least one name or id")
    }
    return (try ContainerStore(context).resolve(first), Array(words.dropFirst()))
  }
}
