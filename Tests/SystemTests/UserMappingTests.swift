import TestSupport
import Testing

extension SystemTests {
  /// `--uidmap`, `--gidmap`, and `--userns auto` and `nomap`.
  @Suite(
    .enabled(if: !Machine.isRoot && Machine.current?.isPeer == false, "an ordinary user's ids"),
    .enabled(if: Machine.runtime == nil, "others do not reach what only the caller may"))
  struct UserMappingTests {
    private static let map = "cat /proc/self/uid_map /proc/self/gid_map"

    /// What a container sees as `INSIDE:OUTSIDE:COUNT`, of its users and then of its groups.
    private static func seen(_ result: CommandResult) -> [String] {
      result.lines.map { $0.split(separator: " ").joined(separator: ":") }
    }

    private static func run(_ session: Session, _ flags: [String], _ script: String) throws
      -> CommandResult
    {
      try session.martlet(
        ["run", "--rm", "--network", "none"] + flags + [Session.image, "sh", "-ec", script])
    }

    @Test(arguments: [
      (["--uidmap", "0:1:500"], ["0:1:500", "0:1:500"]),
      (["--uidmap", "5:0:1", "--uidmap", "+0:1:5"], ["0:1:5", "5:0:1", "0:1:5", "5:0:1"]),
      (["--uidmap", "0:1:9", "--gidmap", "0:2:8"], ["0:1:9", "0:2:8"]),
      (["--userns", "auto:size=700"], ["0:1:700", "0:1:700"]),
      (
        ["--userns", "auto:size=7,uidmapping=3:0:1"],
        ["0:1:3", "3:0:1", "4:4:3", "0:1:7"]
      ),
    ]) func theContainerHasTheseIDs(flags: [String], ranges: [String]) throws {
      try Session.run { session in
        let script = "\(Self.map); test $(stat -c %u:%g /srv) = 0:0; touch /srv/x"
        let result = try Self.run(session, flags, script)
        #expect(Self.seen(result) == ranges)
      }
    }

    @Test func theCallerIsNobodyInside() throws {
      try Session.run { session in
        for mode in ["auto", "nomap"] {
          let result = try Self.run(
            session, ["--userns", mode, "-v", "/data"],
            "id -u; touch /data/mine; stat -c %u /data; awk '{ print $2 == 0 }' /proc/self/uid_map")
          #expect(result.lines == ["0", "0", "0"], "\(mode)")
        }
      }
    }

    /// Nobody else's ids are there for an ordinary user.
    @Test(arguments: [["--subuidname"], ["--subgidname"], ["--subuidname", "--subgidname"]])
    func theContainerHasTheIDsOfAName(options: [String]) throws {
      try Session.run { session in
        let name = try session.tool("id", "-un").output
        let all = Self.seen(try Self.run(session, ["--userns", "nomap"], Self.map))
        let flags = options.flatMap { [$0, name] }
        let script = "\(Self.map); test $(stat -c %u:%g /srv) = 0:0; touch /srv/x"
        #expect(Self.seen(try Self.run(session, flags, script)) == all)
      }
    }

    @Test(arguments: [
      (["--subuidname", "nobody-has-this-name"], "no subordinate ids"),
      (["--subuidname", "x", "--uidmap", "0:1:5"], "together"),
    ]) func refusesNamesThatGiveNoIDs(flags: [String], words: String) throws {
      try Session.run { session in
        let result = try session.martlet(["create"] + flags + [Session.image, "true"], exit: 125)
        #expect(result.standardError.contains(words))
      }
    }

    @Test func noTwoContainersHaveTheSameIDs() throws {
      try Session.run { session in
        // At once: the ids of those that are being made count too.
        try session.shell(
          """
          printf '%s\\n' 1 2 3 4 | xargs -P 4 -I '{}' "$MARTLET" create --network none \
          --userns auto:size=300 --name 'a{}' \(Session.image) sh -c '\(Self.map)'
          """)
        try session.martlet("container", "clone", "a1", "a5")
        let names = (1...5).map { "a\($0)" }
        let format = "{{index .HostConfig.IDMappings.UidMap 0}}"
        let maps = try session.martlet(["inspect", "--format", format] + names).lines
        #expect(maps.sorted() == [0, 1, 2, 3, 4].map { "0:\(1 + 300 * $0):300" }.sorted())
        let seen = Self.seen(try session.martlet("start", "-a", "a5"))
        #expect(seen == [maps[4], maps[4]])
        // What is free again is used again.
        let first = try #require(names.first { maps[names.firstIndex(of: $0) ?? 0] == "0:1:300" })
        try session.martlet("rm", first)
        let again = try Self.run(session, ["--userns", "auto:size=300"], Self.map)
        #expect(Self.seen(again) == ["0:1:300", "0:1:300"])
        try session.martlet("rm", "-a")
      }
    }

    @Test func filesKeepTheirOwnersOutside() throws {
      try Session.run { session in
        try session.martlet(
          "run", "--network", "none", "--name", "c", "--userns", "auto", Session.image, "sh", "-c",
          "echo x > /srv/own; chown 7:8 /srv/own")
        _ = try session.write("from outside", to: "file")
        try session.martlet("cp", "file", "c:/srv/file")
        try session.martlet("commit", "-q", "c", "mapped")
        let listing = "stat -c '%u:%g' /srv/own; cat /srv/file"
        #expect(
          try session.martlet(
            "run", "--rm", "--network", "none", "mapped", "sh", "-c", listing
          ).lines == ["7:8", "from outside"])
        try session.martlet("rm", "c")
        try session.martlet("rmi", "mapped")
      }
    }

    @Test(
      arguments: [
        (["--uidmap", "0:1"], "", 0),
        (["--userns", "auto", "--uidmap", "0:1:5"], "cannot be used together", 125),
        (["--uidmap", "0:1:x"], "invalid id mapping", 125),
        (["--uidmap", "0:0:99999999"], "not all yours", 125),
        (["--userns", "auto:size=99999999"], "in a row left", 125),
        (["--userns", "auto:sise=9"], "not supported", 125),
      ] as [([String], String, Int32)])
    func refusesWhatCannotBe(flags: [String], complaint: String, exit: Int32) throws {
      try Session.run { session in
        let result = try session.martlet(
          ["create", "--name", "c"] + flags + [Session.image, "true"], exit: exit)
        #expect(result.standardError.contains(complaint))
        if exit == 0 { try session.martlet("rm", "c") }
      }
    }
  }
}
