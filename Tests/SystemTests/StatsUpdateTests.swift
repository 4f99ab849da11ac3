import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// stats, update, wait, clone and inspect.
  @Suite(.enabled(if: Machine.current?.isPeer == false, "a peer words some of it differently"))
  struct StatsUpdateTests {
    @Test func showsWhatAContainerUses() throws {
      try Session.run { session in
        let id = try session.startSleeper(name: "used")
        let table = try session.martlet("stats", "--no-stream").lines
        #expect(table.count == 2)
        #expect(table[0].hasPrefix("ID            NAME  CPU %"))
        #expect(table[1].hasPrefix("\(id.prefix(12))  used  "))
        let json = try session.martlet("stats", "--no-stream", "--format", "json", "used").output
        let parsed = try #require(
          try JSONDecoder().decode([[String: String]].self, from: Data(json.utf8)).first)
        #expect(parsed["id"] == String(id.prefix(12)))
        #expect(parsed["pids"] == "1")
        #expect(parsed["mem_usage"]?.contains("B / ") == true)
        #expect(parsed["mem_usage"]?.hasPrefix("0B") == false)
        try session.martlet("stop", "-t", "0", "used")
        #expect(try session.martlet("stats", "--no-stream", "--format", "{{.ID}}").output == "")
        #expect(
          try session.martlet("stats", "-a", "--no-stream", "--no-trunc", "--format", "{{.ID}}")
            .output == id)
        try session.martlet("stats", "--no-stream", "nosuch", exit: 125)
        try session.martlet("stats", "--no-stream", "--all", "used", exit: 125)
      }
    }

    @Test func changesAContainerThatDoesNotRun() throws {
      try Session.run { session in
        try session.martlet(
          "create", "--name", "changed", "--network", "none", "-e", "A=1", Session.image, "sh",
          "-c", "echo $A $B")
        #expect(
          try session.martlet(
            "update", "--memory", "64m", "--cpus", "1.5", "--pids-limit", "50", "--restart",
            "on-failure:3", "-e", "B=2", "--unsetenv", "A", "changed"
          ).output == "changed")
        #expect(
          try session.inspect(
            "changed",
            "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}} "
              + "{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}"
          )
            == "67108864 1500000000 50 on-failure 3")
        for wrong in [["--memory", "1k"], ["--restart", "often"]] {
          try session.martlet(["update"] + wrong + ["changed"], exit: 125)
        }
      }
    }

    @Test func waitsForStates() throws {
      try Session.run { session in
        try session.martlet(
          "create", "--name", "waited", "--network", "none", Session.image, "sh", "-c",
          "sleep 300")
        #expect(try session.martlet("wait", "--condition", "created", "waited").output == "-1")
        let waiting = try session.start(
          "wait", "--condition", "running", "--interval", "20ms", "waited")
        try session.martlet("start", "waited")
        #expect(try waiting.wait().output == "-1")
        let end = try session.start("wait", "waited")
        try session.martlet("kill", "waited")
        #expect(try end.wait().output == "137")
        #expect(
          try session.martlet("wait", "--condition", "running,stopped", "-i", "10", "waited")
            .output == "137")
        #expect(try session.martlet("wait", "--ignore", "nosuch").output == "-1")
        try session.martlet("wait", "nosuch", exit: 125)
        try session.martlet("wait", "--condition", "odd", "waited", exit: 125)
        try session.martlet("create", "--name", "other", Session.image, "true")
        #expect(
          try session.martlet(
            "wait", "--exit-first-match", "--condition", "exited", "other", "waited"
          ).output == "137")
      }
    }

    @Test func clones() throws {
      try Session.run { session in
        try session.martlet(
          "create", "--name", "sheep", "--network", "none", "--label", "a=b", Session.image, "echo",
          "baa")
        let id = try session.martlet("container", "clone", "sheep").output
        #expect(
          try session.inspect(id, #"{{.Name}} {{index .Config.Labels "a"}}"#) == "sheep-clone b")
        try session.martlet("container", "clone", "--cpus", "2", "sheep")
        #expect(try session.inspect("sheep-clone1", "{{.HostConfig.NanoCpus}}") == "2000000000")
        try session.martlet("container", "clone", "--destroy", "sheep", "dolly")
        #expect(try session.martlet("start", "-a", "dolly").output == "baa")
        try session.martlet("container", "exists", "sheep", exit: 1)
      }
    }

    @Test func inspectsInFull() throws {
      try Session.run { session in
        let id = try session.startSleeper(
          name: "seen", "--tmpfs", "/t", "--timeout", "900", "--cap-add", "sys_ptrace")
        let facts = try session.martlet(
          "inspect", "--size", "--format",
          "{{.SizeRw}} {{gt .SizeRootFs 1000}} {{.HostConfig.CapAdd}} {{.Config.Timeout}} "
            + "{{.HostConfig.ReadonlyRootfs}} {{len .HostConfig.Tmpfs}} {{.Config.Env}}", "seen"
        ).output
        #expect(facts.hasPrefix("0 true [CAP_SYS_PTRACE] 900 false 1 [PATH=/usr/local/sbin:"))
        let pid = try session.inspect(id, "{{.State.Pid}}")
        #expect(
          try session.inspect(id, "{{.NetworkSettings.SandboxKey}}") == "/proc/\(pid)/ns/net")
        #expect(
          try session.inspect(id, "{{range $n, $v := .NetworkSettings.Networks}}{{$n}}{{end}}")
            == "none")
        try session.martlet("container", "inspect", "--format", "{{.SizeRw}}", "seen", exit: 125)
        try session.martlet("inspect", "--type", "image", "seen", exit: 125)
      }
    }
  }
}
