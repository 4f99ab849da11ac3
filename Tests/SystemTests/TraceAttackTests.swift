import TestSupport
import Testing

extension SystemTests {
  /// A process with CAP_SYS_PTRACE looks at others of its pid namespace, from the moment in which they are
  /// born there (ptrace(2)): none may have anything of the machine's then.
  @Suite(.enabled(if: Machine.runtime == nil, "our runtime's alone"))
  struct TraceAttackTests {
    /// Waits for one process after the other, and while it begins tries its root and its descriptors as
    /// ways to a file of the machine's, whose path is $0; to sockets, whose other end can be asked for; and
    /// to cgroups that can be written.
    private static let watcher = """
      last=$(sh -c 'echo $$')
      echo ready
      while :; do
        p=
        until test -n "$p"; do
          for n in 1 2 3 4 5 6 7 8; do
            if test -d /proc/$((last+n)); then p=$((last+n)); break; fi
          done
        done
        i=0
        while test $i -lt 40; do
          test -e /proc/$p/root$0 && echo "process $p, look $i: its root"
          d=$((i%10))
          f=/proc/$p/fd/$d
          test -e $f/../../../../../../../..$0 && echo "process $p, look $i: $d"
          test -S $f && echo "process $p, look $i: $d is a socket"
          test -e $f/cgroup.procs && true 2>/dev/null >>$f/cgroup.procs &&
            echo "process $p, look $i: $d is a cgroup"
          test -e /proc/$p/root/bin/sh && readable=$p
          i=$((i+1))
        done
        test "$readable" = $p && echo "looked into $p"
        echo "watched $p"
        last=$p
      done
      """

    /// What the container sees while calls are made.
    private static func looks(at call: [String]) throws -> [String] {
      var seen: [String] = []
      try Session.run { session in
        let file = try session.write("secret", to: "canary")
        try session.martlet(
          "run", "-d", "--network", "none", "--name", "c", "--cap-add", "SYS_PTRACE",
          "--health-cmd", #"["CMD","sleep","0.05"]"#, "--health-interval", "disable",
          Session.image, "sh", "-c", watcher, file)
        func lines() throws -> [String] { try session.martlet("logs", "c").lines }
        #expect(try Poll.until { try lines().contains("ready") })
        for _ in 0..<40 { try session.martlet(call) }
        seen = try lines()
      }
      return seen
    }

    /// What it sees of those in the foreground is nothing at all: their memory came from outside its user
    /// namespace.
    @Test(arguments: [
      ["exec", "-d", "c", "sleep", "0.05"], ["exec", "-d", "-t", "c", "sleep", "0.05"],
      ["exec", "c", "sleep", "0.05"], ["exec", "-t", "c", "sleep", "0.05"],
      ["healthcheck", "run", "c"],
    ])
    func noProcessOnItsWayInLeadsToTheMachine(call: [String]) throws {
      let seen = try Self.looks(at: call)
      #expect(seen.filter { $0.hasPrefix("process") } == [])
      #expect(seen.filter { $0.hasPrefix("watched") }.count > 5)
      if call.contains("-d") { #expect(seen.contains { $0.hasPrefix("looked into") }) }
    }
  }
}
