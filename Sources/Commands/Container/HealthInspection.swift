import CommandLineKit
import Engine
import Model

/// The health check in `inspect`.
enum HealthInspection {
  /// `.State.Health`; nil is a container without a check.
  static func state(_ record: HealthRecord?) -> TemplateValue {
    guard let record else {
      return .object([("Status", .string("")), ("FailingStreak", .int(0)), ("Log", .null)])
    }
    let log = record.log.map { entry in
      TemplateValue.object([
        ("Start", .string(Timestamp.format(entry.start))),
        ("End", .string(Timestamp.format(entry.end))),
        ("ExitCode", .int(Int64(entry.code))), ("Output", .string(entry.output)),
      ])
    }
    return .object([
      ("Status", .string(record.status.rawValue)),
      ("FailingStreak", .int(Int64(record.failingStreak))),
      ("Log", log.isEmpty ? .null : .list(log)),
    ])
  }

  /// What is added to `.Config`.
  static func configuration(_ config: ContainerConfig) -> [(String, TemplateValue)] {
    guard let health = config.health else {
      return config.isHealthOff
        ? [("Healthcheck", .object([("Test", .strings(["NONE"]))]))] : []
    }
    var fields: [(String, TemplateValue)] = [
      (
        "Healthcheck",
        durations(
          [
            ("StartPeriod", health.startPeriod), ("StartInterval", health.startInterval ?? 0),
            ("Interval", health.interval), ("Timeout", health.timeout),
          ],
          after: [("Test", .strings(health.test))],
          before: [("Retries", .int(Int64(health.retries)))])
      ), ("HealthcheckOnFailureAction", .string(health.onFailure)),
      ("HealthLogDestination", .string(health.logDestination)),
      ("HealthMaxLogCount", .int(Int64(health.logCount))),
      ("HealthMaxLogSize", .int(Int64(health.logSize))),
    ]
    if !health.startupTest.isEmpty {
      fields.append(
        (
          "StartupHealthCheck",
          durations(
            [("Interval", health.startupInterval), ("Timeout", health.startupTimeout)],
            after: [("Test", .strings(health.startupTest))],
            before: [
              ("Retries", .int(Int64(health.startupRetries))),
              ("Successes", .int(Int64(health.startupSuccesses))),
            ])
        ))
    }
    return fields
  }

  /// Nanoseconds in JSON, which templates print as Go prints durations: `1m30s`.
  private static func durations(
    _ values: [(String, Int64)], after first: [(String, TemplateValue)],
    before last: [(String, TemplateValue)]
  ) -> TemplateValue {
    .object(
      TemplateObject(
        first + values.map { ($0, .int($1)) } + last,
        methods: values.map { name, value in
          (name, { _ in .string(GoDuration.format(value)) })
        }))
  }
}
