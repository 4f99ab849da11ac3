import CommandLineKit
import Engine
import Model

/// The health check's options of `create`, `run` and `update`.
enum HealthOptions {
  typealias Path<Options> = @Sendable () -> WritableKeyPath<Options, HealthRequest>

  static func specs<Options>(_ path: @escaping @autoclosure Path<Options>) -> [OptionSpec<Options>]
  {
    regular(path) + results(path) + startup(path)
  }

  private static func regular<Options>(_ path: @escaping Path<Options>) -> [OptionSpec<Options>] {
    [
      .value(
        "health-cmd", nil, path().appending(path: \.command), "COMMAND",
        "Command that tells whether the container is well", aliases: ["healthcheck-command"]),
      .parsed(
        "health-interval", nil, "TIME", "Time between two checks, or disable",
        aliases: ["healthcheck-interval"]
      ) { options, text throws(UsageError) in
        options[keyPath: path()].interval = text == "disable" ? 0 : try duration(text)
      },
      .value(
        "health-on-failure", nil, path().appending(path: \.onFailure), "ACTION",
        "What happens when the container is unhealthy",
        choices: ["none", "kill", "restart", "stop"]),
      .integer(
        "health-retries", nil, path().appending(path: \.retries), "NUMBER",
        "Failures in a row that make the container unhealthy", aliases: ["healthcheck-retries"]),
      time(
        "health-start-interval", "Time between two checks in the start period",
        path().appending(path: \.startInterval)),
      time(
        "health-start-period", "Time in which failures do not count",
        path().appending(path: \.startPeriod), aliases: ["healthcheck-start-period"]),
      time(
        "health-timeout", "Time that a check may take", path().appending(path: \.timeout),
        aliases: ["healthcheck-timeout"]),
      .flag(
        "no-healthcheck", nil, path().appending(path: \.isOff), "Have no health check"),
    ]
  }

  private static func results<Options>(_ path: @escaping Path<Options>) -> [OptionSpec<Options>] {
    [
      .value(
        "health-log-destination", nil, path().appending(path: \.logDestination), "WHERE",
        "Where the results go: local, or a directory", complete: .directory),
      .integer(
        "health-max-log-count", nil, path().appending(path: \.logCount), "NUMBER",
        "Results that are remembered; 0 for no limit"),
      .integer(
        "health-max-log-size", nil, path().appending(path: \.logSize), "BYTES",
        "Output of a check that is remembered; 0 for no limit"),
    ]
  }

  private static func startup<Options>(_ path: @escaping Path<Options>) -> [OptionSpec<Options>] {
    [
      .value(
        "health-startup-cmd", nil, path().appending(path: \.startupCommand), "COMMAND",
        "Command that must succeed before the regular checks begin"),
      time(
        "health-startup-interval", "Time between two startup checks",
        path().appending(path: \.startupInterval)),
      .integer(
        "health-startup-retries", nil, path().appending(path: \.startupRetries), "NUMBER",
        "Failed startup checks after which the container is restarted; 0 for never"),
      .integer(
        "health-startup-success", nil, path().appending(path: \.startupSuccesses), "NUMBER",
        "Startup checks that must succeed"),
      time(
        "health-startup-timeout", "Time that a startup check may take",
        path().appending(path: \.startupTimeout)),
    ]
  }

  private static func time<Options>(
    _ name: String, _ help: String,
    _ path: @escaping @Sendable @autoclosure () -> WritableKeyPath<Options, Int64?>,
    aliases: [String] = []
  ) -> OptionSpec<Options> {
    .parsed(name, nil, "TIME", help, aliases: aliases) { options, text throws(UsageError) in
      options[keyPath: path()] = try duration(text)
    }
  }

  private static func duration(_ text: String) throws(UsageError) -> Int64 {
    guard let time = GoDuration.parse(text) ?? Int64(text).map({ $0 * 1_000_000_000 }), time >= 0
    else { throw UsageError("it must be a time such as 30s or 1m30s") }
    return time
  }
}
