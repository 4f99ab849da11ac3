import CommandLineKit

struct SampleGlobals: Sendable, Equatable {
  var root: String?
  var debug = false
}

struct RunOptions: Sendable, Equatable {
  var detach = false
  var interactive = false
  var tty = false
  var init_: Bool?
  var name: String?
  var network = "private"
  var hostname: String?
  var env: [String] = []
  var publish: [String] = []
  var capAdd: [String] = []
  var pull: String?
  var pids: Int?
  var memory = 0

  static let table: [OptionSpec<Self>] = [
    .flag("detach", "d", \.detach, "Run in the background"),
    .flag("interactive", "i", \.interactive, "Keep stdin open"),
    .flag("tty", "t", \.tty, "Allocate a terminal"),
    .optionalBool("init", nil, \.init_, "Run an init"),
    .value("name", nil, \.name, "NAME", "Name of the container"),
    .value(
      "network", nil, \.network, "MODE", "Connect to a network", complete: .network,
      aliases: ["net"]),
    .value("hostname", "h", \.hostname, "NAME", "Host name inside"),
    .list("env", "e", \.env, "NAME=VALUE", "Set a variable"),
    .list("publish", "p", \.publish, "PORTS", "Publish ports"),
    .list(
      "cap-add", nil, \.capAdd, "CAP", "Add a capability", commaSeparated: true,
      complete: .capability),
    .optionalValue(
      "pull", nil, \.pull, "POLICY", implied: "always", "Pull policy",
      choices: ["always", "missing", "never"]),
    .integer("pids-limit", nil, \.pids, "COUNT", "Limit of processes"),
    .parsed("memory", "m", "SIZE", "Memory limit") { options, text throws(UsageError) in
      guard let size = Int(text) else { throw UsageError("not a size", hint: "use 64m") }
      options.memory = size
    },
    .flag("secretly", nil, \.tty, "Not shown", hidden: true),
  ]
}

struct ListOptions: Sendable, Equatable {
  var all = false
  var filter: [String] = []

  static let table: [OptionSpec<Self>] = [
    .flag("all", "a", \.all, "Show all containers"),
    .list("filter", "f", \.filter, "KEY=VALUE", "Keep what matches"),
  ]
}

/// Where the sample commands put what they were given; a class so that `run` can write it.
final class Recorder: Sendable {
  let run: @Sendable (RunOptions, [String]) -> Void
  let list: @Sendable (ListOptions, [String]) -> Void

  init(
    run: @escaping @Sendable (RunOptions, [String]) -> Void = { _, _ in },
    list: @escaping @Sendable (ListOptions, [String]) -> Void = { _, _ in }
  ) {
    self.run = run
    self.list = list
  }
}

func sampleTree(_ recorder: Recorder = Recorder()) -> CommandTree<SampleGlobals> {
  let run = Command<SampleGlobals>(
    "run", summary: "Run a program in a new container",
    usage: "[options] IMAGE [COMMAND [ARG...]]",
    description: "Creates a container from an image and starts it.",
    examples: ["# A shell\nmartlet run -it alpine sh"],
    positionals: .atLeast(1, .image, .none), stopsAtFirstPositional: true,
    defaults: RunOptions(), options: RunOptions.table
  ) { options, invocation in
    recorder.run(options, invocation.arguments)
    return 0
  }
  let list = Command<SampleGlobals>(
    "ps", summary: "List containers", defaults: ListOptions(), options: ListOptions.table
  ) { options, invocation in
    recorder.list(options, invocation.arguments)
    return 7
  }
  let rename = Command<SampleGlobals>(
    "rename", summary: "Rename a container", usage: "CONTAINER NAME",
    positionals: .exactly(2, .container, .none), defaults: ListOptions(), options: []
  ) { _, _ in 0 }
  return CommandTree(
    name: "martlet", version: "1.2.3", summary: "Containers without a daemon",
    globalDefaults: SampleGlobals(),
    globalOptions: [
      .value("root", nil, \.root, "DIR", "Where things are kept", complete: .directory),
      .flag("debug", "D", \.debug, "Say more"),
    ],
    sections: [
      .init("Containers", commands: [run, list, rename]),
      .init(
        "Groups",
        commands: [
          Command(
            group: "container", summary: "Work with containers",
            subcommands: [list.named("ls", aliases: ["list"]), run, rename])
        ]),
    ])
}

/// Parses and returns what `run` was called with.
func parsedRun(_ words: [String]) throws -> (options: RunOptions, arguments: [String])? {
  try capture(words).run
}

func parsedList(_ words: [String]) throws -> (options: ListOptions, arguments: [String])? {
  try capture(words).list
}

private func capture(
  _ words: [String]
) throws -> (run: (RunOptions, [String])?, list: (ListOptions, [String])?) {
  let caught = Caught()
  let tree = sampleTree(
    Recorder(run: { caught.run.set(($0, $1)) }, list: { caught.list.set(($0, $1)) }))
  guard case .run(_, let run) = try tree.parse(words) else { return (nil, nil) }
  _ = try run()
  return (caught.run.get(), caught.list.get())
}

private final class Caught: Sendable {
  let run = Box<(RunOptions, [String])>()
  let list = Box<(ListOptions, [String])>()
}
