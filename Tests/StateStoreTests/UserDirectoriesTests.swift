import StateStore
import Testing

@Suite struct UserDirectoriesTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func around(_ variables: [String: String], uid: UInt32 = 1_000, initial: Bool = true)
    -> UserDirectories.Surroundings
  {
    UserDirectories.Surroundings(
      variable: { variables[$0] }, uid: uid, inInitialNamespace: initial,
      usersRuntime: "/nonexistent", temporary: scratch.path)
  }

  @Test(arguments: [
    (["HOME": "/home/u", "XDG_RUNTIME_DIR": "/r"], "/home/u/.local/share/martlet", "/r/martlet"),
    (
      ["HOME": "/home/u", "XDG_DATA_HOME": "/d/", "XDG_RUNTIME_DIR": "/r"], "/d/martlet",
      "/r/martlet"
    ),
    (
      ["HOME": "/h", "XDG_DATA_HOME": "", "XDG_RUNTIME_DIR": "/r"], "/h/.local/share/martlet",
      "/r/martlet"
    ),
    (
      [
        "HOME": "/h", "MARTLET_DATA_ROOT": "/x", "MARTLET_RUNTIME_ROOT": "/y",
        "XDG_RUNTIME_DIR": "/r",
      ], "/x", "/y"
    ),
  ]) func followsTheVariables(variables: [String: String], data: String, runtime: String) throws {
    let found = try UserDirectories.find(around(variables))
    #expect(found.data == data)
    #expect(found.runtime == runtime)
  }

  @Test func givesRootOfTheMachineSystemDirectories() throws {
    let found = try UserDirectories.find(around(["HOME": "/root"], uid: 0))
    #expect(found.data == "/var/lib/martlet")
    #expect(found.runtime == "/run/martlet")
    #expect(found.config == "/root/.config")
  }

  @Test func asksForHome() {
    #expect(throws: StateError.homeUnset) { try UserDirectories.find(around([:])) }
  }

  @Test func refusesRelativePaths() {
    #expect(throws: StateError.relativePath(variable: "XDG_DATA_HOME", value: "x")) {
      try UserDirectories.find(around(["HOME": "/h", "XDG_DATA_HOME": "x"]))
    }
  }

  @Test func makesAPrivateRuntimeDirectoryAsTheLastResort() throws {
    let around = self.around(["HOME": "/h"], uid: Scratch.uid)
    if around.uid == 0 { return try namespaceRoot(around) }
    #expect(try UserDirectories.find(around).runtime == "\(around.temporary)/martlet-\(around.uid)")
  }

  private func namespaceRoot(_ around: UserDirectories.Surroundings) throws {
    var around = around
    around.inInitialNamespace = false
    let path = "\(around.temporary)/martlet-0"
    #expect(try UserDirectories.find(around).runtime == path)
    // And again, now that it exists.
    #expect(try UserDirectories.find(around).runtime == path)
  }

  @Test(arguments: ["link", "open", "file"]) func refusesAPlantedRuntimeDirectory(kind: String)
    throws
  {
    var around = self.around(["HOME": "/h"], uid: Scratch.uid)
    around.inInitialNamespace = false
    try Scratch.plant(kind, at: "\(around.temporary)/martlet-\(around.uid)")
    #expect(throws: StateError.self) { try UserDirectories.find(around) }
  }
}
