import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// `secret`, and `--secret` of containers.
  @Suite struct SecretTests {
    private static func withSecret(_ body: (Session, String) throws -> Void) throws {
      try Session.run { session in
        let name = "s\(UUID().uuidString.prefix(8).lowercased())"
        try session.martlet("secret", "create", "-l", "a=b", name, "-", input: "hunter2")
        do {
          try body(session, name)
        } catch {
          _ = try? session.martlet("secret", "rm", "-i", name)
          throw error
        }
        try session.martlet("secret", "rm", "-i", name)
      }
    }

    @Test func makesListsShowsAndRemoves() throws {
      try Self.withSecret { session, name in
        let id = try session.martlet("secret", "inspect", "--format", "{{.ID}}", name).output
        #expect(id.count == 25)
        try session.martlet("secret", "exists", name)
        try session.martlet("secret", "create", name, "-", exit: 125, input: "other")
        #expect(
          try session.martlet("secret", "create", "--ignore", name, "-", input: "other").output
            == id)
        let shown = try session.martlet(
          "secret", "inspect", "--format",
          "{{.Spec.Name}} {{.Spec.Driver.Name}} {{.Spec.Labels}}", String(id.prefix(12))
        ).output
        #expect(shown == "\(name) file map[a:b]")
        let plain = try session.martlet("secret", "inspect", name).output
        #expect(!plain.contains("hunter2"))
        let open = try session.martlet(
          "secret", "inspect", "--showsecret", "--format", "{{.SecretData}}", name
        ).output
        #expect(open == "hunter2")
        #expect(try session.martlet("secret", "ls", "-q", "-f", "name=\(name)").output == id)
        #expect(
          try session.martlet("secret", "ls", "--format", "{{.Name}}", "-f", "id=\(id)").output
            == name)
        #expect(try session.martlet("secret", "rm", name).output == id)
        try session.martlet("secret", "exists", name, exit: 1)
        try session.martlet("secret", "rm", name, exit: 125)
      }
    }

    @Test func nobodyElseMayReadTheStore() throws {
      try Self.withSecret { session, _ in
        let found = try session.shell(
          "find \"$XDG_DATA_HOME\"/martlet/secrets -perm /077 | head -3; "
            + "stat -c %a \"$XDG_DATA_HOME\"/martlet/secrets")
        #expect(found.output == "700")
      }
    }

    @Test(arguments: [
      ("", "cat /run/secrets/NAME; stat -c ' %a %u %g' /run/secrets/NAME", "hunter2 444 0 0"),
      (",target=pass,uid=3,gid=4,mode=400", "stat -c '%a %u %g' /run/secrets/pass", "400 3 4"),
      (",target=/etc/pass", "cat /etc/pass", "hunter2"),
      (",type=env", "echo $NAME", "hunter2"),
      (",type=env,target=PASS", "echo $PASS", "hunter2"),
    ])
    func reachesAContainer(options: String, script: String, output: String) throws {
      try Self.withSecret { session, name in
        let result = try session.martlet(
          "run", "--rm", "--network", "none", "--secret", name + options, Session.image, "sh", "-c",
          script.replacing("NAME", with: name))
        #expect(result.output == output)
      }
    }

    @Test func anExecHasItsVariablesAndInspectHasNone() throws {
      try Self.withSecret { session, name in
        _ = try session.startSleeper(name: "c", "--secret", "\(name),type=env,target=PASS")
        #expect(try session.martlet("exec", "c", "sh", "-c", "echo $PASS").output == "hunter2")
        #expect(!(try session.martlet("inspect", "c").output.contains("hunter2")))
        try session.martlet("commit", "-q", "c", "localhost/no-secret")
        #expect(!(try session.martlet("inspect", "localhost/no-secret").output.contains("hunter2")))
        try session.martlet("rmi", "localhost/no-secret")
      }
    }

    @Test(arguments: ["absent", "NAME,type=file", "NAME,mode=9", "NAME,type=env,uid=1", "NAME,x=y"])
    func refusesWhatItCannotMean(option: String) throws {
      try Self.withSecret { session, name in
        try session.martlet(
          "run", "--rm", "--network", "none", "--secret", option.replacing("NAME", with: name),
          Session.image, "true", exit: 125)
      }
    }

    @Test func replacesContentAndReadsTheEnvironment() throws {
      try Self.withSecret { session, name in
        _ = try session.martlet(
          "secret", "create", "--replace", "--env", name, "FROM",
          environment: ["FROM": "second"])
        #expect(
          try session.martlet(
            "run", "--rm", "--network", "none", "--secret", name, Session.image, "cat",
            "/run/secrets/\(name)"
          ).output == "second")
        try session.martlet("secret", "create", "a,b", "-", exit: 125, input: "x")
        try session.martlet("secret", "create", "empty", "-", exit: 125, input: "")
      }
    }
  }
}
