import CommandLineKit
import Engine
import Model

extension ContainerOptions {
  /// The health check's options of `create` and `run`.
  static let health: [OptionSpec<ContainerOptions>] = [
    .value(
      "health-cmd", nil, \.request.health.command, "COMMAND",
      "Command that tells whether the container is well", aliases: ["healthcheck-command"]),
    .parsed(
      "health-interval", nil, "TIME", "Time between two checks, or disable",
      aliases: ["healthcheck-interval"]
    ) { options, text throws(UsageError) in
      options.request.health.interval = text == "disable" ? 0 : try duration(text)
    },
    .value(
      "health-log-destination", nil, \.request.health.logDestination, "WHERE",
      "Where the results go: local, or a directory", complete: .directory),
    .integer(
      "health-max-log-count", nil, \.request.health.logCount, "NUMBER",
      "Results that are remembered; 0 for no limit"),
    .integer(
      "health-max-log-size", nil, \.request.health.logSize, "BYTES",
      "Output of a check that is remembered; 0 for no limit"),
    .value(
      "health-on-failure", nil, \.request.health.onFailure, "ACTION",
      "What happens when the container is unhealthy", choices: ["none", "kill", "restart", "stop"]),
    .integer(
      "health-retries", nil, \.request.health.retries, "NUMBER",
      "Failures in a row that make the container unhealthy", aliases: ["healthcheck-retries"]),
    .parsed(
      "health-start-interval", nil, "TIME", "Time between two checks in the start period"
    ) { options, text throws(UsageError) in
      options.request.health.startInterval = try duration(text)
    },
    .parsed(
      "health-start-period", nil, "TIME", "Time in which failures do not count",
      aliases: ["healthcheck-start-period"]
    ) { options, text throws(UsageError) in
      options.request.health.startPeriod = try duration(text)
    },
    .value(
      "health-startup-cmd", nil, \.request.health.startupCommand, "COMMAND",
      "Command that must succeed before the regular checks begin"),
    .parsed(
      "health-startup-interval", nil, "TIME", "Time between two startup checks"
    ) { options, text throws(UsageError) in
      options.request.health.startupInterval = try duration(text)
    },
    .integer(
      "health-startup-retries", nil, \.request.health.startupRetries, "NUMBER",
      "Failed startup checks after which the container is restarted; 0 for never"),
    .integer(
      "health-startup-success", nil, \.request.health.startupSuccesses, "NUMBER",
      "Startup checks that must succeed"),
    .parsed(
      "health-startup-timeout", nil, "TIME", "Time that a startup check may take"
    ) { options, text throws(UsageError) in
      options.request.health.startupTimeout = try duration(text)
    },
    .parsed(
      "health-timeout", nil, "TIME", "Time that a check may take", aliases: ["healthcheck-timeout"]
    ) { options, text throws(UsageError) in
      options.request.health.timeout = try duration(text)
    },
    .flag("no-healthcheck", nil, \.request.health.isOff, "Leave the image's health check out"),
  ]

  private static func duration(_ text: String) throws(UsageError) -> Int64 {
    guard let time = GoDuration.parse(text) ?? Int64(text).map({ $0 * 1_000_000_000 }), time >= 0
    else { throw UsageError("it must be a time such as 30s or 1m30s") }
    return time
  }
}
