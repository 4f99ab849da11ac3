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
  static func configuration(_ health: ContainerHealth?) -> [(String, TemplateValue)] {
    guard let health else { return [] }
    var fields: [(String, TemplateValue)] = [
      (
        "Healthcheck",
        .object([
          ("Test", .strings(health.test)), ("StartPeriod", .int(health.startPeriod)),
          ("StartInterval", .int(health.startInterval ?? 0)), ("Interval", .int(health.interval)),
          ("Timeout", .int(health.timeout)), ("Retries", .int(Int64(health.retries))),
        ])
      ), ("HealthcheckOnFailureAction", .string(health.onFailure)),
      ("HealthLogDestination", .string(health.logDestination)),
      ("HealthMaxLogCount", .int(Int64(health.logCount))),
      ("HealthMaxLogSize", .int(Int64(health.logSize))),
    ]
    if !health.startupTest.isEmpty {
      fields.append(
        (
          "StartupHealthCheck",
          .object([
            ("Test", .strings(health.startupTest)), ("Interval", .int(health.startupInterval)),
            ("Timeout", .int(health.startupTimeout)),
            ("Retries", .int(Int64(health.startupRetries))),
            ("Successes", .int(Int64(health.startupSuccesses))),
          ])
        ))
    }
    return fields
  }
}
