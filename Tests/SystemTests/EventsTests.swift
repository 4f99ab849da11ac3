import TestSupport
import Testing

extension SystemTests {
  /// What `events` tells of containers and images.
  @Suite(
    .enabled(if: Machine.current?.isPeer == false, "a peer tells a little less"),
    .enabled(if: Machine.runtime == nil, "no matter which runtime"))
  struct EventTests {
    /// What the log has of one container: its actions in their order.
    private func actions(_ session: Session, _ name: String) throws -> [String] {
      try session.martlet(
        "events", "--stream=false", "--since", "10m", "--filter", "container=\(name)", "--format",
        "{{.Status}}"
      ).lines
    }

    @Test func tellsOfAContainersWholeLife() throws {
      try Session.run { session in
        try session.martlet(
          "run", "--rm", "--name", "ev1", "--network", "none", "--label", "a=b c", Session.image,
          "sh", "-c", "exit 3", exit: 3)
        // The monitor's last act may be a moment later.
        #expect(Poll.until { (try? actions(session, "ev1").last) == "remove" })
        #expect(
          try actions(session, "ev1").filter { $0 != "attach" } == [
            "create", "init", "start", "died", "cleanup", "remove",
          ])
        let json = try session.martlet(
          "events", "--stream=false", "--since", "10m", "--filter", "event=die", "--filter",
          "label=a=b c", "--format", "json"
        ).output
        #expect(json.hasPrefix("{\"ContainerExitCode\":3,\"ID\":\""))
        #expect(json.contains("\"Name\":\"ev1\",\"Status\":\"died\",\"time\":"))
        #expect(json.contains("\"Attributes\":{\"a\":\"b c\""))
      }
    }

    @Test func tellsOfWhatCommandsDo() throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "ev2")
        try session.martlet("exec", "ev2", "true")
        try session.martlet("kill", "-s", "CONT", "ev2")
        try session.martlet("rename", "ev2", "ev3")
        try session.martlet("restart", "-t", "0", "ev3")
        try session.martlet("rm", "-f", "-t", "0", "ev3")
        #expect(Poll.until { (try? actions(session, "ev3").last) == "remove" })
        let all = try actions(session, "ev2") + actions(session, "ev3")
        for action in ["create", "start", "exec", "exec_died", "kill", "rename", "restart", "stop"]
        {
          #expect(all.contains(action), "\(action) in \(all)")
        }
      }
    }

    @Test func tellsOfImages() throws {
      try Session.run { session in
        try session.martlet("tag", Session.image, "localhost/ev:1")
        try session.martlet("untag", Session.image, "localhost/ev:1")
        let lines = try session.martlet(
          "events", "--stream=false", "--since", "10m", "--filter", "type=image", "--filter",
          "image=localhost/ev:1"
        ).lines
        #expect(lines.count >= 2)
        #expect(lines.last?.hasSuffix(" localhost/ev:1") == true)
        #expect(lines.contains { $0.contains(" image tag ") })
        #expect(lines.contains { $0.contains(" image untag ") })
      }
    }

    @Test func followsUntilATime() throws {
      try Session.run { session in
        let watching = try session.start(
          "events", "--filter", "container=ev4", "--filter", "event=start", "--format",
          "{{.Name}} {{.Status}}", "--since", "1s", "--until", "6s")
        try session.martlet("run", "--name", "ev4", "--network", "none", Session.image, "true")
        let result = try watching.wait()
        #expect(result.exitCode == 0)
        #expect(result.output == "ev4 start")
      }
    }

    @Test(arguments: [
      ["--filter", "nonsense=1"], ["--filter", "noequals"], ["--filter", "type=cat"],
      ["--since", "soon"], ["--until", "later"],
    ])
    func refusesWhatItDoesNotUnderstand(_ options: [String]) throws {
      try Session.run { session in
        try session.martlet(["events", "--stream=false"] + options, exit: 125)
      }
    }
  }
}
