import CommandLineKit
import LinuxSystem
import Model
import OCISpec

/// The table of commands.
enum RuntimeCommands {
  static var sections: [CommandTree<RuntimeGlobals>.Section] {
    [
      .init("Life of a container", commands: [create, run, start, kill, delete, pause, resume]),
      .init("Inside and about it", commands: [exec, state, list, ps, events, update]),
      .init("Checkpoints", commands: [checkpoint, restore]),
      .init("The runtime itself", commands: [features, spec, manual, script]),
    ]
  }

  /// A text's number of seconds: `5`, `5s`, `2m`.
  static func seconds(_ text: String) throws(UsageError) -> Int32 {
    let isMinutes = text.hasSuffix("m")
    let digits = isMinutes || text.hasSuffix("s") ? text.dropLast() : text[...]
    guard let number = Int32(digits), (1...3_600).contains(number) else {
      throw UsageError("is not 1 to 3600 s")
    }
    return isMinutes ? number * 60 : number
  }

  private struct NoOptions: Sendable {}

  /// What the repository's generated files are made with.
  private static let script = RuntimeCommand(
    "__complete-script", summary: "Print a completion script", usage: "SHELL", hidden: true,
    positionals: .exactly(1), defaults: NoOptions(), options: []
  ) { _, invocation in
    guard let shell = CompletionScript(rawValue: invocation.arguments[0]) else {
      throw ErrorReport(
        .invalidRequest, "shell `\(invocation.arguments[0])` is not supported",
        hint: "use bash, zsh or fish")
    }
    return try RuntimeCommandLine.print(shell.text(for: "martlet-oci"))
  }

  private static let manual: RuntimeCommand = RuntimeCommand(
    "__man", summary: "Write the man pages", usage: "DIRECTORY", hidden: true,
    positionals: .exactly(1), defaults: NoOptions(), options: []
  ) { _, invocation in
    let directory = invocation.arguments[0]
    let tree = RuntimeCommandLine.tree
    try FileTree.ensureDirectory(directory, mode: 0o755)
    try FileTree.write("\(directory)/martlet-oci.1", ManPage(tree).text, mode: 0o644)
    var pages: [(String, String)] = []
    tree.walk { command, path in
      let page = ManPage(command, path: path, version: RuntimeVersion.number)
      pages.append((ManPage.pageName(path), page.text))
    }
    for (name, text) in pages {
      try FileTree.write("\(directory)/\(name).1", text, mode: 0o644)
    }
    return 0
  }
}
