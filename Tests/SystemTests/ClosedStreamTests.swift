import TestSupport
import Testing

extension SystemTests {
  /// Callers that have closed some of their standard streams: services, cron, and scripts.
  @Suite struct ClosedStreamTests {
    static let redirections = [
      "<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-",
    ]

    @Test(arguments: redirections) func execNeedsNoStreams(closed: String) throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "host")
        let talk = "echo out && echo err >&2"
        for words in ["-t", "-d"] {
          try session.shell("\"$MARTLET\" exec \(words) host sh -c '\(talk)' \(closed)")
        }
        let hasOutput = !closed.split(separator: " ").contains(">&-")
        for words in ["", "-i"] {
          let result = try session.shell(
            "\"$MARTLET\" exec \(words) host sh -c '\(talk) && cat' \(closed)")
          #expect(result.standardOutput == (hasOutput ? "out\n" : ""))
        }
      }
    }

    @Test(arguments: redirections) func runNeedsNoStreams(closed: String) throws {
      try Session.run { session in
        let run = "\"$MARTLET\" run --network none"
        let talk = "\(Session.image) sh -c 'echo out && echo err >&2 && cat'"
        for words in ["--rm", "--rm -i", "--rm --log-driver passthrough"] {
          try session.shell("\(run) \(words) \(talk) \(closed)")
        }
        try session.shell("\(run) -d --rm --name stays \(Session.image) sleep 300 \(closed)")
        #expect(try session.inspect("stays", "{{.State.Status}}") == "running")
        let create = "\"$MARTLET\" create --name made \(Session.image) true"
        try session.shell("\(create) \(closed) && \"$MARTLET\" start -a made \(closed)")
      }
    }

    /// As podman's and docker's runtime has it.
    @Test(arguments: redirections) func whatIsWrittenToAClosedStreamIsLost(closed: String) throws {
      try Session.run { session in
        try session.shell("\"$MARTLET\" version \(closed) && \"$MARTLET\" ps \(closed)")
        let result = try session.shell(
          "\"$MARTLET\" --out there version \(closed); \"$MARTLET\" version | cmp - there")
        #expect(result.output == "")
      }
    }
  }
}
