import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// A container that swaps directories and links while files are copied: nothing of the machine is
  /// read or written.
  @Suite(.enabled(if: Machine.runtime == nil, "no matter which runtime"))
  struct CopyAttackTests {
    /// `/w/d` is in turn a directory and a link to the same path on the machine.
    private static func startAttacker(_ session: Session, _ link: String) throws {
      let script = """
        mkdir -p /w/d; echo inside > /w/d/secret; cd /w; : > ready
        while :; do mv d e; ln -s \(link) d; rm d; mv e d; done
        """
      try session.martlet(
        "run", "-d", "--network", "none", "--name", "c", Session.image, "sh", "-c", script)
      #expect(
        Poll.until(deadline: .seconds(10)) {
          (try? session.martlet("exec", "c", "test", "-e", "/w/ready")) != nil
        })
    }

    @Test(arguments: ["", "../../../../../../../../.."])
    func copiesNothingOutOfTheMachine(prefix: String) throws {
      try Session.run { session in
        let target = session.directory + "/target"
        try FileManager.default.createDirectory(
          atPath: target, withIntermediateDirectories: false)
        try Data("outside\n".utf8).write(to: URL(filePath: target + "/secret"))
        try Self.startAttacker(session, prefix + target)
        var copies = 0
        for attempt in 0..<30
        where
          (try? session.martlet(
            "cp", attempt % 2 == 0 ? "c:/w/d/secret" : "c:/w/d", "got\(attempt)")) != nil
        {
          copies += 1
        }
        // Some copies must have met the directory, or nothing was tried.
        #expect(copies > 0)
        let found = try session.shell("grep -rl outside got* || true").output
        #expect(found == "")
      }
    }

    @Test(arguments: ["", "../../../../../../../../.."])
    func copiesNothingOntoTheMachine(prefix: String) throws {
      try Session.run { session in
        let target = session.directory + "/target"
        try session.shell(
          "mkdir -m 777 target; mkdir -p src/deep/er; echo x > src/deep/er/f; echo x > f")
        try Self.startAttacker(session, prefix + target)
        var copies = 0
        for attempt in 0..<30
        where (try? session.martlet("cp", attempt % 2 == 0 ? "f" : "src", "c:/w/d")) != nil {
          copies += 1
        }
        #expect(copies > 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: target).isEmpty)
      }
    }
  }
}
