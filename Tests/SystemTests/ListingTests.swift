import TestSupport
import Testing

extension SystemTests {
  /// What `ps` shows and which containers it shows.
  @Suite(
    .enabled(if: Machine.current?.isPeer == false, "a peer words some of it differently"),
    .enabled(if: Machine.runtime == nil, "no matter which runtime"))
  struct ListingTests {
    private func make(_ session: Session) throws {
      try session.martlet(
        "create", "--name", "first", "--network", "none", "--label", "k=v", Session.image, "true")
      try session.martlet(
        "run", "--name", "second", "--network", "none", "--label", "k=w", Session.image, "sh", "-c",
        "echo 12345 > /file; exit 7", exit: 7)
      _ = try session.startSleeper(name: "third", "-v", "psvol:/data")
    }

    private static let filters: [(filters: [String], names: [String])] = [
      (["name=ir"], ["first", "third"]), (["name=^second$"], ["second"]),
      (["name=^(first|third)$"], ["first", "third"]), (["label=k"], ["first", "second"]),
      (["label=k=v"], ["first"]), (["label=k", "label=k=w"], ["second"]),
      (["label!=k"], ["third"]), (["status=created", "status=exited"], ["first", "second"]),
      (["status=stopped"], ["second"]), (["exited=7"], ["second"]), (["exited=0"], []),
      (["ancestor=martlet-demo"], ["first", "second", "third"]), (["ancestor=other"], []),
      (["before=second"], ["first"]), (["since=second"], ["third"]),
      (["volume=psvol"], ["third"]), (["volume=/data"], ["third"]),
      (["network=none"], ["first", "second", "third"]), (["until=1h"], []),
      (["restart-policy=no", "name=first"], ["first"]), (["pod=x"], []),
      (["health=none", "label=k"], ["first", "second"]), (["command=sleep"], ["third"]),
      (["should-start-on-boot=true"], []),
    ]

    @Test func choosesByFilters() throws {
      try Session.run { session in
        try make(session)
        for (filters, names) in Self.filters {
          let words = filters.flatMap { ["--filter", $0] }
          let found = try session.martlet(["ps", "-a", "--format", "{{.Names}}"] + words).lines
          #expect(found == names, "\(filters)")
        }
        for wrong in ["nokey=1", "name", "status=odd", "exited=x", "until=soon", "name=("] {
          try session.martlet("ps", "--filter", wrong, exit: 125)
        }
      }
    }

    @Test func sortsAndLimits() throws {
      try Session.run { session in
        try make(session)
        func names(_ words: String...) throws -> [String] {
          try session.martlet(["ps", "--format", "{{.Names}}"] + words).lines
        }
        #expect(try names() == ["third"])
        #expect(try names("-a") == ["first", "second", "third"])
        #expect(try names("--last", "2") == ["second", "third"])
        #expect(try names("-l") == ["third"])
        #expect(try names("-a", "--sort", "command") == ["second", "third", "first"])
        #expect(try names("-a", "--sort", "status") == ["first", "second", "third"])
        #expect(try names("-a", "--sort", "size").last == "second")
        try session.martlet("ps", "--sort", "odd", exit: 125)
        try session.martlet("ps", "--last", "2", "--latest", exit: 125)
        try session.martlet("ps", "--pod", exit: 125)
      }
    }

    @Test func showsSizesAndNamespaces() throws {
      try Session.run { session in
        try make(session)
        let size = try session.martlet(
          "ps", "-a", "-s", "--filter", "name=second", "--format", "{{.Size}}"
        ).output
        #expect(size.hasPrefix("6B (virtual "))
        #expect(try session.martlet("ps", "-a", "--size").lines[0].hasSuffix("  SIZE"))
        try session.martlet("ps", "-q", "--size", exit: 125)
        try session.martlet("ps", "--format", "{{.Size}}", exit: 125)
        let spaces = try session.martlet("ps", "--ns", "--noheading").output
        #expect(spaces.split(separator: " ").count == 10)
      }
    }
  }
}
