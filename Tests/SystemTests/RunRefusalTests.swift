import TestSupport
import Testing

extension SystemTests {
  /// Requests that cannot be met: exit code 125, the cause, and nothing left.
  @Suite struct RunRefusalTests {
    @Test(arguments: [
      (["run", "--no-such-flag", Session.image], "no-such-flag"),
      (["run"], ""),
      (["run", "--rm", "--pull", "never", "localhost/absent:1", "true"], "localhost/absent:1"),
      (["run", "--rm", "--name", "-bad", Session.image, "true"], "name"),
      (["run", "--rm", "-v", "relative:also-relative", Session.image, "true"], "also-relative"),
      (["run", "--rm", "--ulimit", "nofile", Session.image, "true"], "nofile"),
      (["run", "--rm", "--cap-add", "NO_SUCH", Session.image, "true"], "NO_SUCH"),
      (["run", "--rm", "--env-file", "/no/such/file", Session.image, "true"], "/no/such/file"),
      (["run", "--rm", "-m", "much", Session.image, "true"], "much"),
      (["run", "-d", "-a", "stdout", Session.image, "true"], "--detach"),
      (["run", "-d", "--rm", "-a", "stdout", Session.image, "true"], "--detach"),
      (["start", "absent"], "absent"),
      (["exec", "absent", "true"], "absent"),
      (["logs", "absent"], "absent"),
      (["stop", "absent"], "absent"),
      (["no-such-command"], "no-such-command"),
    ])
    func saysWhatItCannotDo(arguments: [String], complaint: String) throws {
      try Session.run { session in
        let result = try session.martlet(arguments, exit: 125)
        #expect(result.standardOutput == "", "\(result.transcript)")
        #expect(
          result.standardError.lowercased().contains(complaint.lowercased()),
          "\(result.transcript)")
        #expect(!result.standardError.isEmpty)
        #expect(try session.martlet("ps", "-a", "-q").output == "")
      }
    }

    @Test func inspectsNothingAbsent() throws {
      try Session.run { session in
        let result = try session.martlet("inspect", "absent", exit: 125)
        #expect(["", "[]"].contains(result.output))
        #expect(result.standardError.contains("absent"))
      }
    }

    @Test func refusesANameInUse() throws {
      try Session.run { session in
        try session.martlet("create", "--name", "taken", Session.image, "true")
        let result = try session.martlet(
          "create", "--name", "taken", Session.image, "true", exit: 125)
        #expect(result.standardError.contains("taken"))
        #expect(try session.martlet("ps", "-a", "-q").lines.count == 1)
      }
    }

    @Test func refusesACidfileThatExists() throws {
      try Session.run { session in
        let file = try session.write("", to: "cid")
        try session.martlet("run", "--cidfile", file, Session.image, "true", exit: 125)
        #expect(try session.martlet("ps", "-a", "-q").output == "")
      }
    }
  }
}
