import CommandLineKit
import Engine
import Model

enum SystemCheckCommand {
  struct Options: Sendable {
    var quick = false
    var deep = false
    var repair = false
    var force = false
    var max: String?
  }

  static let command = MartletCommand(
    "check", summary: "Look for damage in the store, and mend it", usage: "[options]",
    description:
      "Looks at images, layers, names and containers. Volumes and containers' own files are never "
      + "changed. Exit code 125: something is damaged.",
    examples: ["martlet system check", "martlet system check --deep --repair"],
    positionals: .none, defaults: Options(),
    options: [
      .flag("deep", nil, \.deep, "Compare every unpacked file with its archive, too"),
      .flag(
        "force", "f", \.force,
        "Remove images that cannot be mended and that no container uses; implies --repair"),
      .value(
        "max", "m", \.max, "DURATION",
        "How old a partial download must be to count (default 24h)"),
      .flag("quick", "q", \.quick, "Do not read blobs and files, only look whether they are there"),
      .flag("repair", "r", \.repair, "Mend what can be mended; only what is bad is fetched again"),
    ]
  ) { options, invocation in
    if options.quick, options.deep { throw UsageError("--quick and --deep exclude one another") }
    var wanted = CheckStorage.Wanted()
    wanted.depth = options.quick ? .quick : options.deep ? .files : .blobs
    wanted.repairs = options.repair || options.force
    wanted.discards = options.force
    if let text = options.max {
      guard let age = GoDuration.parse(text), age >= 0 else {
        throw UsageError("invalid duration \"\(text)\" for --max")
      }
      wanted.age = age
    }
    var display = TransferDisplay(quiet: false)
    let problems = try CheckStorage(try invocation.globals.context()).run(wanted) {
      display.show($0)
    }
    for problem in problems { try Output.line(terminalSafe(line(problem))) }
    return try verdict(problems, wanted)
  }

  private static func line(_ problem: CheckStorage.Problem) -> String {
    var line = "\(problem.subject): \(problem.message)"
    if problem.isRepaired {
      line += problem.isLeftover ? " (removed)" : " (mended)"
    } else if let obstacle = problem.obstacle {
      line += " (not mended: \(obstacle))"
    }
    return line
  }

  private static func verdict(
    _ problems: [CheckStorage.Problem], _ wanted: CheckStorage.Wanted
  ) throws -> Int32 {
    let open = problems.count { !$0.isRepaired && !$0.isLeftover }
    if open == 0 {
      let leftovers = problems.count { !$0.isRepaired && $0.isLeftover }
      if leftovers > 0 {
        Message.note("The store is whole; martlet system check --repair removes what was left.")
      }
      return 0
    }
    throw ErrorReport(
      .unavailable, "the store is damaged in \(open) place\(open == 1 ? "" : "s")",
      hint: wanted.repairs
        ? (wanted.discards
          ? "stop or remove the containers that use it, then check again"
          : "martlet system check --force removes images that cannot be mended")
        : "martlet system check --repair")
  }
}
