import FoundationEssentials
import Model
import Testing

@testable import RegistryConfig

@Suite struct ContainersConfigTests {
  private static func read(_ texts: String...) throws -> ContainersConfig {
    var config = ContainersConfig()
    for (index, text) in texts.enumerated() {
      try config.add(Array(text.utf8), path: "/\(index).conf")
    }
    return config
  }

  @Test func laterFilesWinValueByValue() throws {
    let config = try Self.read(
      "[containers]\ntz = \"local\"\nread_only = true\n[engine]\nstop_timeout = 3",
      "[containers]\nread_only = false\n[engine]\ndetach_keys = \"\"")
    #expect(try config.text("containers", "tz") == "local")
    #expect(try config.flag("containers", "read_only") == false)
    #expect(try config.integer("engine", "stop_timeout") == 3)
    #expect(try config.text("engine", "detach_keys") == nil)
    #expect(try config.anyText("engine", "detach_keys") == "")
    #expect(try config.anyText("engine", "runtime") == nil)
    #expect(try config.texts("containers", "env").isEmpty)
  }

  @Test(arguments: [
    (["[\"a\"]", "[\"b\"]"], ["b"]), (["[\"a\"]", "[\"b\", {append=true}]"], ["a", "b"]),
    (["[\"a\", {append=true}]", "[\"b\"]"], ["a", "b"]),
    (["[\"a\", {append=true}]", "[\"b\"]", "[\"c\", {append=false}]"], ["c"]),
    (["[\"a\"]", "[{append=true}, \"b\"]", "[\"c\"]"], ["a", "b", "c"]),
  ]) func arraysTakeThePlaceOfOthersOrFollowThem(files: [String], result: [String]) throws {
    var config = ContainersConfig()
    for file in files { try config.add(Array("[containers]\nenv = \(file)".utf8), path: "/x") }
    #expect(try config.texts("containers", "env") == result)
  }

  @Test(arguments: ["[containers", "containers = 1", "[containers]\nenv = ["])
  func namesTheFileThatIsNone(text: String) {
    #expect {
      try Self.read("", text)
    } throws: { ($0 as? ErrorReport)?.message.hasPrefix("/1.conf:") == true }
  }

  @Test func namesTheFileWithAValueOfAnotherKind() throws {
    let config = try Self.read(
      "[containers]\ntz = 1\nenv = [1]\ninit = \"yes\"\npids_limit = \"1\"")
    for ask: (ContainersConfig) throws -> Void in [
      { _ = try $0.text("containers", "tz") }, { _ = try $0.anyText("containers", "tz") },
      { _ = try $0.texts("containers", "env") }, { _ = try $0.texts("containers", "tz") },
      { _ = try $0.flag("containers", "init") }, { _ = try $0.integer("containers", "pids_limit") },
    ] {
      #expect {
        try ask(config)
      } throws: { ($0 as? ErrorReport)?.message.hasPrefix("/0.conf: containers.") == true }
    }
  }

  /// Files of a vendor, a machine, a user and of modules, each of which says who it is.
  @Test func readsFilesInTheirOrder() throws {
    let root = FileManager.default.temporaryDirectory.path + "/conf-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: root) }
    func write(_ name: String, _ text: String) throws {
      let path = "\(root)/\(name)"
      let directory = String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      try Data("[containers]\nenv = [\"\(text)\", {append=true}]\n".utf8).write(
        to: URL(filePath: path))
    }
    try write("vendor/containers.conf", "vendor")
    try write("system/containers.conf", "system")
    try write("system/containers.conf.d/b.conf", "b")
    try write("system/containers.conf.d/a.conf", "a")
    try write("system/containers.conf.d/c.txt", "no")
    try write("user/containers.conf", "user")
    try write("vendor/containers.conf.modules/m", "module")
    try write("replacement", "replacement")
    try write("override", "override")
    var files = ConfigFiles(
      user: "\(root)/user", system: "\(root)/system", vendor: "\(root)/vendor")
    func names(_ modules: [String] = []) throws -> [String] {
      try files.containers(modules: modules).texts("containers", "env")
    }
    #expect(try names() == ["vendor", "system", "a", "b", "user"])
    #expect(
      try names(["m", "\(root)/replacement"])
        == ["vendor", "system", "a", "b", "user", "module", "replacement"])
    #expect(throws: ErrorReport.self) { try names(["nosuch"]) }
    files.containersReplacement = "\(root)/replacement"
    files.containersOverride = "\(root)/override"
    #expect(try names(["m"]) == ["replacement", "module", "override"])
    files.containersOverride = "\(root)/nosuch"
    #expect(throws: ErrorReport.self) { try names() }
  }
}
