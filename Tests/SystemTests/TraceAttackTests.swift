import TestSupport
import Testing

extension SystemTests {
  /// A process with CAP_SYS_PTRACE looks at others of its pid namespace, from the moment in which they are
  /// born there (ptrace(2)): none may have anything of the machine's then.
  @Suite(.enabled(if: Machine.runtime == nil, "our runtime's alone"))
  struct TraceAttackTests {
    /// Waits for one process after the other, and while it begins tries its root and its descriptors as
    /// ways to a file of the machine's, whose path is $0.
    private static let watcher = """
      p=$(($(sh -c 'echo $$')+1))
      echo ready
      while :; do
        until test -d /proc/$p; do :; done
        i=0
        while test $i -lt 40; do
          test -e /proc/$p/root$0 && echo "process $p, look $i: its root"
          i=$((i+1))
          d=$((i%7+3))
          test -e /proc/$p/fd/$d/../../../../../../../..$0 && echo "process $p, look $i: $d"
        done
        echo "watched $p"
        p=$((p+1))
      done
      """

    @Test(arguments: [
      ["exec", "-d", "c", "sleep", "0.05"], ["exec", "c", "sleep", "0.05"],
      ["exec", "-t", "c", "sleep", "0.05"], ["healthcheck", "run", "c"],
    ])
    func noProcessOnItsWayInLeadsToTheMachine(call: [String]) throws {
      try Session.run { session in
        let file = try session.write("secret", to: "canary")
        try session.martlet(
          "run", "-d", "--network", "none", "--name", "c", "--cap-add", "SYS_PTRACE",
          "--health-cmd", #"["CMD","sleep","0.05"]"#, "--health-interval", "disable",
          Session.image, "sh", "-c", Self.watcher, file)
        func lines() throws -> [String] { try session.martlet("logs", "c").lines }
        #expect(try Poll.until { try lines().contains("ready") })
        for _ in 0..<40 { try session.martlet(call) }
        let seen = try lines()
        #expect(seen.filter { $0.hasPrefix("watched") }.count > 10)
        #expect(seen.filter { $0.hasPrefix("process") } == [])
      }
    }
  }
}
