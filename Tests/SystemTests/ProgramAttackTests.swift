import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// CVE-2024-21626, the program's side of it: whatever leads a process to its program must not pass
  /// through a directory of the machine's that is still open.
  @Suite(.enabled(if: Machine.runtime == nil, "our runtime's alone"))
  struct ProgramAttackTests {
    /// Calls `body` with paths that lead to a program of the machine's alone, should a descriptor of
    /// that number be a directory of the machine's; the program is a copy of echo.
    private static func attack(_ body: (Session, _ directory: String) throws -> Void) throws {
      try Session.run { session in
        let program = session.directory + "/echo"
        try FileManager.default.copyItem(atPath: "/bin/busybox", toPath: program)
        let up = String(repeating: "../", count: 16)
        for number in 3..<25 {
          try body(session, "/proc/self/fd/\(number)/\(up)\(session.directory.dropFirst())")
        }
      }
    }

    @Test func runStartsNoProgramOfTheMachine() throws {
      try Self.attack { session, directory in
        let run = ["run", "--rm", "--network", "none"]
        let named = try? session.martlet(run + [Session.image, "\(directory)/echo", "outside"])
        #expect(named == nil, "\(directory)")
        let found = try? session.martlet(
          run + ["-e", "PATH=\(directory)", Session.image, "echo", "outside"])
        #expect(found == nil, "\(directory)")
      }
    }

    @Test func noInterpreterIsOneOfTheMachine() throws {
      try Self.attack { session, directory in
        let script = try session.write("#!\(directory)/echo outside\n", to: "script")
        try session.shell("chmod 755 '\(script)'")
        let run = ["run", "--rm", "--network", "none", "-v", "\(script):/script:ro"]
        #expect((try? session.martlet(run + [Session.image, "/script"])) == nil, "\(directory)")
      }
    }

    @Test func execStartsNoProgramOfTheMachine() throws {
      try Self.attack { session, directory in
        if (try? session.inspect("c", "{{.ID}}")) == nil {
          _ = try session.startSleeper(name: "c")
        }
        for flags in [[], ["-e", "PATH=\(directory)"]] {
          let word = flags.isEmpty ? "\(directory)/echo" : "echo"
          let result = try? session.martlet(["exec"] + flags + ["c", word, "outside"])
          #expect(result == nil, "\(flags) \(word)")
        }
      }
    }

    @Test func aHealthCheckStartsNoProgramOfTheMachine() throws {
      try Self.attack { session, directory in
        let command = #"["CMD","\#(directory)/echo","outside"]"#
        _ = try session.startSleeper(
          name: "c", "--health-cmd", command, "--health-interval", "disable")
        // The second call is made another way than one that has just been prepared.
        for _ in 0..<2 {
          #expect((try? session.martlet("healthcheck", "run", "c")) == nil, "\(directory)")
        }
        try session.martlet("rm", "-f", "-t", "0", "c")
      }
    }
  }
}
