import CommandLineKit
import LinuxSystem
import Model
import OCISpec

/// The program `martlet-oci`: global options, then a command.
public enum RuntimeCommandLine {
  static let tree = CommandTree(
    name: "martlet-oci", version: RuntimeVersion.number,
    summary: "Open Container Initiative runtime: run containers from bundles",
    globalDefaults: RuntimeGlobals(),
    globalOptions: RuntimeGlobals.table, sections: RuntimeCommands.sections,
    takesSingleDashNames: true)

  /// Runs the command line and returns the exit status.
  public static func main(_ arguments: [String]) -> Int32 {
    var messages = RuntimeLog()
    let words = Array(arguments.dropFirst())
    do {
      switch try tree.parse(words) {
      case .run(let globals, let body):
        messages.file = try globals.logFile()
        messages = globals.messages
        return try body()
      case .help(let command, let path):
        return try print(help(command, path, called: arguments.first ?? ""))
      case .version: return try print(RuntimeVersion.text)
      case .complete(let words, _): return try print(completion(words))
      }
    } catch let error as UsageError {
      // Whoever gave a log reads that.
      return end(with: error, tree.leadingGlobals(words).messages)
    } catch {
      return end(with: error, messages)
    }
  }

  /// Runs a container as the program does, with its messages in the file `log`, and returns the exit status.
  public static func run(_ container: RunContainer, log: String) -> Int32 {
    let messages = RuntimeLog(file: log)
    var container = container
    container.create.context.warn = { messages.write(.warning, $0) }
    do throws(RuntimeError) { return try container.run() } catch {
      return end(with: error, messages)
    }
  }

  /// Tells an error, and returns the exit status.
  static func end(with error: any Error, _ messages: RuntimeLog) -> Int32 {
    let report = report(of: error)
    messages.write(.error, report.message)
    if let hint = report.hint { messages.writeHint(hint) }
    return error is FailedExec ? FailedExec.status : 1
  }

  private static func report(of error: any Error) -> ErrorReport {
    switch error {
    case let error as any ReportableError: error.report
    case let error as UsageError: ErrorReport(.invalidRequest, error.message, hint: error.hint)
    default: ErrorReport(.bug, "\(error)")
    }
  }

  /// In the place of another runtime the program goes by that one's name.
  private static func help(_ command: RuntimeCommand?, _ path: String, called: String) -> String {
    let width = PseudoTerminal.size(1).map { Int($0.columns) } ?? 80
    let name = called.split(separator: "/").last.map(String.init) ?? tree.name
    guard let command else {
      return HelpPage(tree, name: name, width: width).text(named: name)
    }
    let path = name + path.dropFirst(tree.name.count)
    return HelpPage(
      command, path: path, globalOptions: tree.globalOptionInfos, width: width
    ).text(named: path)
  }

  private static func completion(_ words: [String]) -> String {
    CompletionEngine(tree) { kind in
      guard kind == .container else { return [] }
      let states = (try? ListContainers(context: RuntimeContext()).all()) ?? []
      return states.map { .init($0.id, $0.status.rawValue) }
    }.answer(words).text
  }

  @discardableResult
  static func print(_ text: String) throws(ErrorReport) -> Int32 {
    do throws(SystemError) {
      try Descriptor.writeAll(Descriptor.standardOutput, text)
      return 0
    } catch { throw ErrorReport(.unavailable, "write to standard output: \(error.reason)") }
  }
}

enum RuntimeVersion {
  static let number = MartletVersion.text
  static let text =
    "martlet-oci version \(number)\nspec: \(RuntimeFeatures.newestSpec)\n"
    + "+SYSTEMD +SELINUX +APPARMOR +SECCOMP +CAP +EBPF +CGROUPV2 +CRIU\n"
}
