import FoundationEssentials
import Glibc
import TestSupport
import Testing

extension SystemTests {
  /// Processes that die, ids that come back, clocks that jump: F06, F08, F09 and F24.
  @Suite(.enabled(if: Machine.current?.isPeer == false, "looks into Martlet's own records"))
  struct MachineFaultTests {
    /// The ids, on this machine, of a container's init and its monitor.
    private func processes(_ session: Session, _ name: String) throws -> [Int32] {
      let ids = try session.inspect(name, "{{.State.Pid}} {{.State.ConmonPid}}").split(
        separator: " "
      ).compactMap { Int32($0) }
      try #require(ids.count == 2 && ids.allSatisfy { $0 > 1 })
      return ids
    }

    /// Gone, and no zombie of ours either.
    private func areGone(_ ids: [Int32]) -> Bool { ids.allSatisfy { kill($0, 0) != 0 } }

    /// F06: nobody but the kernel's count of such kills may call it out of memory.
    @Test func aKilledInitIsNotOutOfMemory() throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "killed")
        let ids = try processes(session, "killed")
        // A subordinate id's process: only the container's user namespace may kill it.
        try session.martlet("unshare", "kill", "-9", "\(ids[0])")
        #expect(try session.martlet("wait", "killed").output == "137")
        #expect(
          try session.inspect(
            "killed", "{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}")
            == "exited 137 false")
        #expect(Poll.until { areGone(ids) })
        #expect(
          try session.martlet("ps", "-a", "--format", "{{.Status}}").output.hasPrefix(
            "Exited (137)"))
      }
    }

    /// F06: the count is the memory controller's.
    @Test(.enabled(if: MachineFaultTests.hasMemoryLimits, "no memory controller is delegated"))
    func anInitWithoutMemorySaysSo() throws {
      try Session.run { session in
        try session.martlet(
          "run", "--name", "hungry", "--network", "none", "--memory", "16m", "--memory-swap",
          "16m", Session.image, "sh", "-c", "exec tail /dev/zero", exit: 137)
        #expect(
          try session.inspect("hungry", "{{.State.ExitCode}} {{.State.OOMKilled}}") == "137 true")
      }
    }

    /// F06 and F05: the machine took both at once; what cannot be known is not made up.
    @Test func aContainerAndItsMonitorDieTogether() throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "both", "--restart", "always")
        let ids = try processes(session, "both")
        try session.martlet("unshare", "kill", "-9", "\(ids[1])", "\(ids[0])")
        #expect(Poll.until { areGone(ids) })
        #expect(
          try session.inspect("both", "{{.State.Status}} {{.State.OOMKilled}}") == "exited false")
        #expect(try session.martlet("ps", "-q").output == "")
        try session.martlet("start", "both")
        #expect(try session.martlet("exec", "both", "echo", "again").output == "again")
      }
    }

    /// F08: everything of the user's dies, and what the runtime directory held is gone.
    @Test func allThatTheUserHadDies() throws {
      try Session.run { session in
        let names = ["plain", "paused", "policy", "leaving"]
        _ = try session.startSleeper(name: "plain")
        _ = try session.startSleeper(name: "paused")
        _ = try session.startSleeper(name: "policy", "--restart", "unless-stopped")
        _ = try session.startSleeper(name: "leaving", "--rm")
        try session.martlet("create", "--name", "made", "--network", "none", Session.image, "true")
        let ids = try names.flatMap { try processes(session, $0) }
        // Where there is no cgroup of ours, there is no pausing.
        _ = try? session.martlet("pause", "paused")
        try session.martlet(["unshare", "kill", "-9"] + ids.map(String.init))
        #expect(Poll.until { areGone(ids) })
        try session.tool("sh", "-c", "find \"$XDG_RUNTIME_DIR\" -mindepth 1 -delete")
        let rows = try session.martlet("ps", "-a", "--format", "{{.Names}} {{.State}}").lines
        let kept = ["made created", "paused exited", "plain exited", "policy exited"]
        #expect(rows.filter { !$0.hasPrefix("leaving") }.sorted() == kept)
        try session.martlet("start", "--all", "--filter", "should-start-on-boot=true")
        #expect(try session.martlet("ps", "--format", "{{.Names}}").lines == ["policy"])
        for name in ["plain", "paused", "made"] { try session.martlet("start", name) }
        #expect(try session.martlet("exec", "paused", "echo", "well").output == "well")
      }
    }

    /// F09: the ids of a container's processes belong to strangers by now.
    @Test(.enabled(if: Surroundings.areAvailable, "user namespaces are restricted"))
    func strangersWithItsIdsAreLeftAlone() throws {
      try Session.run { session in
        // A pid namespace of one's own gives its ids in any order (pid_namespaces(7)).
        let result = try session.script(
          """
          exec unshare --pid --fork --mount-proc sh -c '
          "$M" --runroot "$D/live" run -d --name reused --network none \(Session.image) sleep 300
          "$M" --runroot "$D/live" exec -d reused sleep 300
          for f in Pid ConmonPid; do "$M" --runroot "$D/live" inspect -f "{{.State.$f}}" reused; done >ids
          read pid <ids; monitor=$(sed -n 2p ids)
          kill -9 $monitor $pid
          while kill -0 $monitor || kill -0 $pid; do sleep 0.05; done 2>/dev/null
          for id in $pid $monitor; do
            n=0; stranger=
            until [ "$stranger" = $id ] || [ $n = 20 ]; do
              [ -z "$stranger" ] || kill $stranger
              echo $((id - 1)) >/proc/sys/kernel/ns_last_pid; sleep 300 & stranger=$!
              n=$((n + 1))
            done
            [ $stranger = $id ] || echo "no process $id: $stranger"
            strangers="$strangers $stranger"
          done
          "$M" --runroot "$D/live" ps -a --format "{{.State}}"
          "$M" --runroot "$D/live" inspect -f "{{len .ExecIDs}}" reused
          "$M" --runroot "$D/live" kill reused 2>/dev/null; echo kill $?
          "$M" --runroot "$D/live" exec reused true 2>/dev/null; echo exec $?
          "$M" --runroot "$D/live" stop -t 0 reused
          "$M" --runroot "$D/live" rm -f -t 0 reused
          for id in $strangers; do kill -0 $id && echo alive; done
          '
          """, in: Surroundings(.root))
        #expect(
          Array(result.lines.dropFirst()) == [
            "exited", "0", "kill 125", "exec 125", "reused", "reused", "alive", "alive",
          ], "\(result.transcript)")
      }
    }

    /// F24: what was written while the clock was a year ahead, a year behind, or at its beginning.
    @Test(arguments: [31_536_000, -31_536_000, 0])
    func timesOfAnotherClockAreSane(shift: Int) throws {
      try OwnStore.run { store in
        let now = Int(Date().timeIntervalSince1970)
        let then = shift == 0 ? 1 : now + shift
        let ids = try ["running", "idle"].map { name in
          try store.martlet(
            "run", "-d", "--name", name, "--network", "none", "--health-cmd", "true",
            "--health-interval", "100ms", Session.image, "sh", "-c",
            "echo line; test $NAME = idle || sleep 300".replacing("$NAME", with: name)
          ).output
        }
        try store.martlet("wait", "idle")
        let script = """
          cd '\(store.root)'
          stamp=$(date -u -d @\(then) +%Y-%m-%dT%H:%M:%S.000000000+00:00)
          sed -i -E 's/\\b[0-9]{19}\\b/\(then)000000000/g' containers/*/config.json \
            containers/*/summary containers/\(ids[1])/exit events/log \
            '\(store.root).run/containers/\(ids[0])/state'
          sed -i -E "s/^[^ ]+/$stamp/" containers/*/ctr.log
          """
        try store.session.tool("sh", "-ec", script)
        for template in ["{{.Status}}", "{{.CreatedHuman}}", "{{.RunningFor}}"] {
          let text = try store.martlet("ps", "-a", "--format", template).output
          #expect(!text.contains("-") && !text.isEmpty, "\(template): \(text)")
        }
        #expect(
          try store.martlet("ps", "--format", "{{.Names}}").output == "running")
        let isPast = then < now
        for name in ["running", "idle"] {
          #expect(
            try store.martlet("logs", "--since", "1h", name).output == (isPast ? "" : "line"))
          #expect(
            try store.martlet("logs", "--until", "1h", name).output == (isPast ? "line" : ""))
        }
        let events = try store.martlet(
          "events", "--stream=false", "--since", "1h", "--until", "1s", "--format", "{{.Status}}")
        #expect(!events.lines.contains("init"), "\(events.transcript)")
        // Probes go by the clock that never jumps.
        #expect(
          try Poll.until {
            try store.martlet("inspect", "-f", "{{.State.Health.Status}}", "running").output
              == "healthy"
          })
        let pruned = try store.martlet("container", "prune", "-f", "--filter", "until=1h")
        #expect(pruned.output.contains(ids[1]) == isPast, "\(pruned.transcript)")
        try store.martlet("restart", "-t", "0", "running")
        try store.martlet("rm", "-f", "-a", "-t", "0")
      }
    }

    private static let hasMemoryLimits: Bool = {
      let own = (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? ""
      let line = own.split(separator: "\n").first { $0.hasPrefix("0::") }
      let path = "/sys/fs/cgroup\(line?.dropFirst(3) ?? "")/cgroup.controllers"
      let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
      return text.split(separator: " ").contains { $0.hasPrefix("memory") }
    }()
  }
}
