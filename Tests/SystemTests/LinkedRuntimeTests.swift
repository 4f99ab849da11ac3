import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// Calls of our own runtime need its program only where a container could change our files.
  @Suite(
    .enabled(
      if: Machine.has("strace") && Machine.runtime == nil, "strace, or our runtime, is missing"))
  struct LinkedRuntimeTests {
    /// How many programs `exec` of `true` executed; strace(1) may not read their names.
    private func programs(_ session: Session, martlet: String) throws -> Int {
      let trace = session.directory + "/trace"
      try session.shell(
        "exec strace -f -qq -o '\(trace)' -e trace=execve \(martlet) exec -w / sleeper true")
      return try String(decoding: Data(contentsOf: .init(filePath: trace)), as: UTF8.self)
        .split(separator: "\n").count { $0.hasSuffix("= 0") }
    }

    @Test func ourFilesSaveTheProgram() throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "sleeper")
        let installed = try #require(Machine.current?.martlet)
        #expect(try programs(session, martlet: "'\(installed)'") == 2, "martlet and true")
      }
    }

    @Test func flagsAreForTheProgram() throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "sleeper")
        let installed = try #require(Machine.current?.martlet)
        #expect(try programs(session, martlet: "'\(installed)' --runtime-flag debug") == 3)
      }
    }

    /// What belongs to the caller, who is root of the container, can be changed by it (CVE-2019-5736).
    @Test func filesOfTheCallersOwnDoNot() throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "sleeper")
        let installed = try #require(Machine.current?.martlet)
        let copy = session.directory + "/prefix"
        try session.shell("cp -r --reflink=auto \"$(dirname '\(installed)')/..\" '\(copy)'")
        #expect(
          try programs(session, martlet: "'\(copy)/bin/martlet'") > 2,
          "the runtime's program runs, from a copy that nobody can change")
      }
    }
  }
}
