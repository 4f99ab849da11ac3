import LinuxSystem
import OCISpec
import Testing

@Suite(.enabled(if: RuntimeUnderTest.isUsable, "root, martlet-oci and busybox-static"))
struct CommandTests {
  @Test func optionsAreSpelledAsElsewhere() throws {
    let bundle = try TestBundle()
    bundle.shell("echo $PPID")
    try FileTree.write("\(bundle.directory)/other.json", "{}")
    let pidFile = "\(bundle.directory)/pid"
    // One dash, as programs in Go take long names.
    let outcome = try bundle.run(["-pid-file", pidFile, "-config=config.json"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(Int32(try FileTree.readText(pidFile)) != nil)
    let refused = try bundle.run(["--config", "other.json"])
    #expect(refused.status == 1)
    #expect(refused.errors.contains("other.json: ociVersion: is missing"))
  }

  /// As runc's pages, by the name that it has in the place of another runtime.
  @Test(arguments: [
    (["-h"], "NAME:\n   runc - Open Container Initiative runtime"),
    (["run", "--help"], "NAME:\n   runc run - Make and start a container\n\nUSAGE:\n  runc run "),
    (["help", "exec"], "NAME:\n   runc exec - "),
  ])
  func helpBeginsWithTheName(words: [String], text: String) throws {
    let bundle = try TestBundle()
    let link = "\(bundle.directory)/runc"
    try FileTree.makeLink(link, to: try #require(RuntimeUnderTest.path))
    let outcome = try CommandRunner.run(link, words, in: bundle.directory)
    #expect(outcome.status == 0)
    #expect(outcome.output.hasPrefix(text), "\(outcome.output)")
  }

  @Test func mistakesAreNamed() throws {
    let bundle = try TestBundle()
    for (words, text) in [
      (["run", "--nosuch", "x"], "unknown flag: --nosuch"), (["nosuch"], "unknown command"),
      (["create"], "requires exactly 1 argument"), (["update", "--memory", "x", "i"], "--memory"),
      (["exec", "x"], "exec needs a command"), (["kill", "x", "NOSIG"], "unknown signal `NOSIG`"),
    ] {
      let outcome = try bundle.oci(words)
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains(text), "\(outcome.errors)")
    }
  }

  @Test func listsAndDeletesByPattern() throws {
    let bundle = try TestBundle()
    try bundle.start("sleep 1000")
    let ids = try bundle.oci(["list", "-q", "-f", "json"])
    #expect(try [String].decode(JSONValue(parsing: Array(ids.output.utf8))) == [bundle.id])
    let pid = try bundle.state().pid
    let pids = try bundle.oci(["ps", "-f", "json", bundle.id])
    #expect(try [Int32].decode(JSONValue(parsing: Array(pids.output.utf8))) == [pid])
    let table = try bundle.oci(["ps", bundle.id])
    #expect(table.output.contains("PID"))
    #expect(table.output.contains("\(pid)"))
    #expect(try bundle.oci(["delete", "--force", "--regex", "^nothing$"]).status == 0)
    #expect(try bundle.state().status == .running)
    #expect(try bundle.oci(["delete", "--regex", "["]).status == 1)
    let deleted = try bundle.oci(["delete", "--force", "--regex", "^t[0-9]+-"])
    #expect(deleted.status == 0, "\(deleted.errors)")
    #expect(try bundle.oci(["list", "-q"]).output.isEmpty)
  }

  @Test func execTakesEveryOption() throws {
    let bundle = try TestBundle()
    try bundle.start("sleep 1000")
    let outcome = try bundle.oci([
      "exec", "--cwd", "/tmp", "--env", "A=b", "--user", "7:8", "-g", "9,10", "--cap", "CAP_KILL",
      "--no-new-privs", bundle.id, "sh", "-c",
      "pwd; echo $A; id -u; id -G; cat /proc/self/status",
    ])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.prefix(4) == ["/tmp", "b", "7", "8 9 10"])
    #expect(lines.contains("NoNewPrivs:\t1"))
    for (words, text) in [
      (["--user", "a"], "--user: `a` is not UID or UID:GID"), (["--env", "x"], "--env: `x`"),
      (["-g", "x"], "--additional-gids: `x`"), (["--preserve-fds", "5"], "--preserve-fds"),
    ] {
      let refused = try bundle.oci(["exec"] + words + [bundle.id, "true"])
      #expect(refused.status == 255)
      #expect(refused.errors.contains(text), "\(refused.errors)")
    }
  }

  @Test func messagesAreJSONWhenAsked() throws {
    let bundle = try TestBundle()
    let log = "\(bundle.directory)/log"
    _ = try bundle.oci(["--log", log, "--log-format", "json", "start", "nothing"])
    let line = try JSONValue(parsing: Array(try FileTree.readText(log).utf8))
    guard case .object(let entry) = line else { return #expect(Bool(false), "\(line)") }
    #expect(entry.find("level") == .string("error"))
    #expect(entry.find("msg") == .string("container `nothing` does not exist"))
    _ = try bundle.oci(["--log", log, "--debug", "run", "--bundle", bundle.directory, bundle.id])
    #expect(try FileTree.readText(log).contains(" level=debug msg=\"container "))
  }

  /// Callers read the log alone; the options before the command's name say where it is.
  @Test(arguments: [
    (["--log", "LOG", "start", "--nonsense", "nothing"], "unknown flag: --nonsense"),
    (["--nonsense", "--log=LOG", "--log-format", "json", "start", "nothing"], "--nonsense"),
    (["--log-format", "json", "--log", "LOG", "nonsense"], "unknown command"),
    (["--log", "LOG", "start"], "start"),
  ])
  func wrongUsageIsInTheLogToo(_ words: [String], _ message: String) throws {
    let bundle = try TestBundle()
    let log = "\(bundle.directory)/log"
    let outcome = try bundle.oci(words.map { $0.replacing("LOG", with: log) })
    #expect(outcome.status == 1)
    let text = try FileTree.readText(log)
    #expect(text.contains(message) && !outcome.errors.contains(message), "\(text)")
    #expect(text.hasPrefix("{\"msg\":") == words.contains("json"), "\(text)")
  }

  /// What follows a command's name is its own, and may be a program's.
  @Test func wrongUsageWritesNoFileOfTheProgram() throws {
    let bundle = try TestBundle()
    let log = "\(bundle.directory)/log"
    let outcome = try bundle.oci(["exec", "--nonsense", "nothing", "sh", "--log", log])
    #expect(outcome.errors.contains("unknown flag: --nonsense"))
    #expect(!FileTree.exists(log))
  }

  @Test func checkpointNamesTheProgramThatIsMissing() throws {
    let bundle = try TestBundle()
    try bundle.start("sleep 1000")
    let outcome = try bundle.oci(["--criu", "/nonexistent/criu", "checkpoint", bundle.id])
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("checkpoint needs the program `/nonexistent/criu`"))
    #expect(try bundle.state().status == .running)
  }
}
