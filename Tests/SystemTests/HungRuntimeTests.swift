import FoundationEssentials
import Glibc
import TestSupport
import Testing

extension SystemTests {
  /// F18: a runtime that hangs holds nobody up for ever, and leaves nothing.
  @Suite(
    .enabled(
      if: Machine.current?.isPeer == false && Machine.runtime == nil, "needs the product's runtime")
  )
  struct HungRuntimeTests {
    @Test(arguments: ["create", "start"]) func aHungRuntimeIsGivenUpForARemoval(_ command: String)
      throws
    {
      try Session.run { session in
        let runtime = try Self.runtime(hangingIn: command, session)
        let run = try session.start(
          "run", "--runtime", runtime, "--network", "none", "--name", "hung", Session.image, "true")
        #expect(Poll.until { FileManager.default.fileExists(atPath: session.directory + "/hangs") })
        let clock = ContinuousClock()
        let time = try clock.measure { try session.martlet("rm", "-f", "hung") }
        #expect(time < .seconds(20), "\(time)")
        let result = try run.wait()
        #expect(result.exitCode == 125)
        #expect(result.standardError.contains("stopped before it started"))
        #expect(try session.martlet("ps", "-aq").output == "")
      }
    }

    @Test func aRuntimeThatHangsInDeleteIsKilled() throws {
      try Session.run { session in
        let runtime = try Self.runtime(hangingIn: "delete", session)
        let state = session.directory + "/../r/martlet/oci"
        let clock = ContinuousClock()
        let time = try clock.measure {
          try session.martlet(
            "run", "--rm", "--runtime", runtime, "--network", "none", Session.image, "true")
          #expect(
            try Poll.until(deadline: .seconds(40)) {
              try FileManager.default.contentsOfDirectory(atPath: state)
                .allSatisfy { $0.count < 64 }
            })
        }
        #expect(time < .seconds(40), "\(time)")
      }
    }

    /// The product's runtime, but for one command, whose children hang too.
    private static func runtime(hangingIn command: String, _ session: Session) throws -> String {
      let prefix = try #require(Machine.current?.prefix)
      let path = session.directory + "/hanging"
      let text = """
        #!/bin/sh
        case " $* " in
        *" \(command) "*)
          if mkdir '\(session.directory)/hangs'; then sleep 300 & sleep 300; exit 1; fi;;
        esac
        exec '\(prefix)/bin/martlet-oci' "$@"

        """
      try Data(text.utf8).write(to: URL(filePath: path))
      try #require(unsafe chmod(path, 0o755) == 0)
      return path
    }
  }
}
