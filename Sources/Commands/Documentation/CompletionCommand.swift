import CommandLineKit
import Engine
import LinuxSystem
import Model

/// Completion scripts and man pages, all from the table of options.
enum DocumentationCommands {
  struct ScriptOptions: Sendable {
    var file: String?
    var noDescriptions = false
  }

  static let completion = MartletCommand(
    "completion", summary: "Print a completion script", usage: "[options] bash|zsh|fish",
    examples: ["martlet completion bash > ~/.local/share/bash-completion/completions/martlet"],
    positionals: .exactly(1), defaults: ScriptOptions(),
    options: [
      .value("file", "f", \.file, "FILE", "Write to a file instead", complete: .file)
    ]
  ) { options, invocation in
    let text = try script(invocation.arguments[0])
    if let file = options.file {
      try FileTree.write(file, text, mode: 0o644)
    } else {
      try Output.write(text)
    }
    return 0
  }

  /// What the repository's generated files are made with.
  static let script = MartletCommand(
    "__complete-script", summary: "Print a completion script", usage: "SHELL", hidden: true,
    positionals: .exactly(1), defaults: NoOptions(), options: []
  ) { _, invocation in
    try Output.write(try script(invocation.arguments[0]))
    return 0
  }

  private static func script(_ shell: String) throws(ErrorReport) -> String {
    switch shell {
    case "bash": CompletionScript.bash.text(for: "martlet")
    case "zsh": CompletionScript.zsh.text(for: "martlet")
    case "fish": CompletionScript.fish.text(for: "martlet")
    default:
      throw ErrorReport(
        .invalidRequest, "shell \"\(shell)\" is not supported", hint: "use bash, zsh or fish")
    }
  }

  static let man: MartletCommand = MartletCommand(
    "__man", summary: "Write the man pages", usage: "DIRECTORY", hidden: true,
    positionals: .exactly(1), defaults: NoOptions(), options: []
  ) { _, invocation in
    let directory = invocation.arguments[0]
    try FileTree.ensureDirectory(directory, mode: 0o755)
    let tree = CommandList.tree
    try FileTree.write("\(directory)/martlet.1", ManPage(tree).text, mode: 0o644)
    var pages: [(String, String)] = []
    tree.walk { command, path in
      pages.append(
        (ManPage.pageName(path), ManPage(command, path: path, version: MartletVersion.text).text))
    }
    for (name, text) in pages {
      try FileTree.write("\(directory)/\(name).1", text, mode: 0o644)
    }
    return 0
  }

  /// Names that completion offers.
  static func candidates(_ kind: CompletionKind) -> [(String, String)] {
    if kind == .module { return EngineContext.moduleNames.map { ($0, "") } }
    guard let context = try? GlobalOptions().context() else { return [] }
    switch kind {
    case .container, .runningContainer, .stoppedContainer:
      let rows = (try? ListContainers(context).run()) ?? []
      return rows.filter { row in
        switch kind {
        case .runningContainer: row.status.isAlive
        case .stoppedContainer: !row.status.isAlive
        default: true
        }
      }.map { ($0.name, $0.image) }
    case .volume:
      return ((try? VolumeStore(context).list()) ?? []).map { ($0.name, "") }
    case .secret:
      return ((try? SecretStore(context).list()) ?? []).map { ($0.name, "") }
    default: return []
    }
  }
}
