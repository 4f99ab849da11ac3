import CommandLineKit
import Engine
import LinuxSystem
import Model

/// Parses the command line and runs what it names.
public enum MartletProgram {
  /// - Returns: the exit code.
  public static func run() -> Int32 {
    StandardStreams.fill()
    let arguments = Array(CurrentProcess.arguments.dropFirst())
    do {
      switch try CommandList.tree.parse(arguments) {
      case .run(let globals, let body):
        let level = LogLevelChoice(globals.logLevel, debugs: globals.debugs)
        if let refusal = level.refusal {
          Message.note(refusal)
          return 1
        }
        level.tell()
        try redirect(globals)
        return try body()
      case .help(let command, let path):
        try Output.write(help(command, path))
        return 0
      case .version:
        let called = CalledName.current
        try Output.line("\(called.rawValue) version \(called.version)")
        return 0
      case .complete(let words, let helps):
        try Output.write(completion(words, helps: helps))
        return 0
      }
    } catch {
      return CommandFailure.end(error)
    }
  }

  /// `--out` and `--noout`: where standard output goes instead.
  private static func redirect(_ globals: GlobalOptions) throws(ErrorReport) {
    guard let path = globals.output ?? (globals.discardsOutput ? "/dev/null" : nil) else { return }
    do throws(SystemError) {
      let file = try OwnedDescriptor.open(
        path, [.writeOnly, .create, .truncate], mode: 0o644)
      try Descriptor.replace(Descriptor.standardOutput, with: file.raw)
    } catch { throw ErrorReport(.unavailable, "--out \(path): \(error.reason)") }
  }

  private static func completion(_ words: [String], helps: Bool) -> String {
    CompletionEngine(CommandList.tree) { kind in
      DocumentationCommands.candidates(kind).map { .init($0.0, $0.1) }
    }.answer(words, helps: helps).text
  }

  private static func help(_ command: MartletCommand?, _ path: String) -> String {
    let width = PseudoTerminal.size(1).map { Int($0.columns) } ?? 80
    guard let command else { return HelpPage(CommandList.tree, width: width).text }
    return HelpPage(
      command, path: path, globalOptions: CommandList.tree.globalOptionInfos, width: width,
      settings: ConfiguredDefaults.find()
    ).text
  }
}
