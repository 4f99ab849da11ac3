import LinuxSystem
import Model
import OCISpec

/// The program `martlet-oci`: global options, then a command.
public struct RuntimeCommandLine {
  var context = RuntimeContext()
  var log = RuntimeLog()

  private static let globals: [OptionReader.Option] = [
    .value("root"), .value("log"), .value("log-format"), .value("log-level"),
    .flag("systemd-cgroup"), .value("cgroup-manager"), .value("rootless"), .flag("debug"),
    .flag("help", "h"), .flag("version", "v"),
  ]

  /// Runs the command line and returns the exit status.
  public static func main(_ arguments: [String]) -> Int32 {
    var line = RuntimeCommandLine()
    do throws(ErrorReport) {
      return try line.run(Array(arguments.dropFirst()))
    } catch {
      line.log.write(level: "error", error.message)
      if let hint = error.hint {
        try? Descriptor.writeAll(Descriptor.standardError, "hint: \(hint)\n")
      }
      return 1
    }
  }

  private mutating func run(_ arguments: [String]) throws(ErrorReport) -> Int32 {
    let options = try OptionReader(arguments, Self.globals, stopsAtOperand: true)
    log.file = options.value("log").flatMap { $0.isEmpty ? nil : $0 }
    switch options.value("log-format") ?? "text" {
    case "json": log.json = true
    case "text": log.json = false
    case let other: throw ErrorReport(.invalidRequest, "unknown log format `\(other)`")
    }
    context.root = options.value("root")
    context.systemdCgroup = options.flag("systemd-cgroup")
    switch options.value("cgroup-manager") {
    case "systemd": context.systemdCgroup = true
    case nil, "cgroupfs", "disabled": break
    case .some(let other):
      throw ErrorReport(.invalidRequest, "unknown cgroup manager `\(other)`")
    }
    context.warn = { [log] message in log.write(level: "warning", message) }
    if options.flag("version") { return try Self.print(RuntimeVersion.text) }
    guard let name = options.operands.first, !options.flag("help") else {
      return try Self.print(RuntimeCommands.help)
    }
    guard let command = RuntimeCommands.find(name) else {
      throw ErrorReport(
        .invalidRequest, "unknown command `\(name)`", hint: "martlet-oci --help lists them")
    }
    let given = try OptionReader(
      options.rest, command.options + [.flag("help", "h")], stopsAtOperand: command.endsInCommand)
    if given.flag("help") { return try Self.print("usage: martlet-oci \(command.usage)\n") }
    let operands = given.operands + given.rest
    guard operands.count >= command.operands.lowerBound,
      operands.count <= command.operands.upperBound
    else {
      throw ErrorReport(.invalidRequest, "usage: martlet-oci \(command.usage)")
    }
    if command.entersContainers {
      do throws(RuntimeError) { try ProgramImage.ensureReadOnly(arguments) } catch {
        throw error.report
      }
    }
    return try command.run(given, operands, context)
  }

  static func print(_ text: String) throws(ErrorReport) -> Int32 {
    do throws(SystemError) {
      try Descriptor.writeAll(Descriptor.standardOutput, text)
      return 0
    } catch { throw ErrorReport(.unavailable, "write to standard output: \(error.reason)") }
  }
}

enum RuntimeVersion {
  static let text = "martlet-oci version 0.1.0\nspec: 1.2.0\n+SECCOMP +CAP +CGROUPV2\n"
}
