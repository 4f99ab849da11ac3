import CommandLineKit
import Engine
import Model

enum MiscCommands {
  static let rename = Command<GlobalOptions>(
    "rename", summary: "Give a container another name", usage: "CONTAINER NAME",
    positionals: .exactly(2, .container), defaults: NoOptions(), options: []
  ) { _, invocation in
    let context = try invocation.globals.context()
    let id = try ContainerStore(context).resolve(invocation.arguments[0])
    try RenameContainer(context).run(id, to: invocation.arguments[1])
    return 0
  }

  static let initialize = Command<GlobalOptions>(
    "init", summary: "Set containers up without starting them",
    usage: "[options] CONTAINER [CONTAINER...]",
    description: "Everything is mounted and connected; start does the rest.",
    positionals: .atLeast(0, .stoppedContainer), defaults: SelectionOptions(),
    options: SelectionOptions.everyone
  ) { options, invocation in
    let context = try invocation.globals.context()
    return try Selection(
      context: context, options: options, words: invocation.arguments, path: invocation.path
    ).forEach(in: .notRunning) { id in
      if options.all, try StatusReader(ContainerStore(context)).read(id) == .initialized { return }
      try InitializeContainer(context).run(id)
    }
  }
}

enum PortCommand {
  struct Options: Sendable {
    var all = false
    var latest = false
  }

  static let command = Command<GlobalOptions>(
    "port", summary: "List published ports", usage: "[options] CONTAINER [PORT[/PROTO]]",
    positionals: .between(0, 2, .container), defaults: Options(),
    options: [
      .flag("all", "a", \.all, "All containers"),
      .flag("latest", "l", \.latest, "The container that was created last"),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    let store = ContainerStore(context)
    if options.all {
      guard invocation.arguments.isEmpty, !options.latest else {
        throw ErrorReport(.invalidRequest, "no arguments are needed with --all")
      }
      for row in try ListContainers(context).run() {
        for port in lines(try store.load(row.id), nil) {
          try Output.line("\(row.id.prefix(12))\t\(port)")
        }
      }
      return 0
    }
    let (id, rest) = try Selection.one(options.latest, invocation.arguments, context)
    guard rest.count < 2 else {
      throw ErrorReport(.invalidRequest, "port takes one container and one port")
    }
    let config = try store.load(id)
    let found = lines(config, rest.first)
    for line in found { try Output.line(line) }
    if let wanted = rest.first, found.isEmpty {
      throw ErrorReport(.notFound, "failed to find published port \"\(wanted)\" of \(config.name)")
    }
    return 0
  }

  /// `80/tcp -> 0.0.0.0:8080`, or only the address when one port is asked for.
  private static func lines(_ config: ContainerConfig, _ port: String?) -> [String] {
    let wanted = port.map { $0.contains("/") ? $0 : "\($0)/tcp" }
    return config.network.ports.compactMap { port in
      let arrow = PortText.display(port).split(separator: ">", maxSplits: 1).map(String.init)
      guard arrow.count == 2, wanted == nil || wanted == arrow[1] else { return nil }
      let outside = String(arrow[0].dropLast())
      return wanted == nil ? "\(arrow[1]) -> \(outside)" : outside
    }
  }
}
