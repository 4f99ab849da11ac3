import FoundationEssentials
import Glibc

/// The user directories that all sessions of one test run share, with the demo image loaded once.
///
/// Paths are short because an attach socket's path has 107 bytes at most (unix(7)).
public struct Home: Sendable {
  let base: String

  /// Its XDG_DATA_HOME.
  public var data: String { base + "/d" }
  let machine: Machine

  /// Made at first use; an error here fails every test with the reason.
  public static let shared = Result { try Home() }

  private init() throws {
    guard let machine = Machine.current else { throw NoProduct() }
    self.machine = machine
    base = "/tmp/mt\(getpid())"
    for name in ["", "/h", "/r", "/t", "/d"] {
      try FileManager.default.createDirectory(
        atPath: base + name, withIntermediateDirectories: false)
      unsafe chmod(base + name, 0o700)
    }
    do {
      try loadImage()
    } catch {
      try? FileManager.default.removeItem(atPath: base)
      throw error
    }
    atexit { Home.removeShared() }
  }

  /// The first container may leave what lasts for the login (a namespace holder): not a leak.
  private func loadImage() throws {
    try check(martlet(["load", "-i", try demoArchive()], in: base).run())
    try check(martlet(["run", "--rm", "--network", "none", Session.image, "true"], in: base).run())
  }

  /// The environment that commands get: this run's directories and nothing of the developer's.
  public var environment: [String: String] {
    var result = [
      "HOME": base + "/h", "XDG_DATA_HOME": base + "/d", "XDG_RUNTIME_DIR": base + "/r",
      "TMPDIR": base + "/t", "LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "xterm",
    ]
    for name in ["PATH", "USER", "LOGNAME", "LD_LIBRARY_PATH", "STORAGE_DRIVER"] {
      if let value = ProcessInfo.processInfo.environment[name] { result[name] = value }
    }
    return result
  }

  /// The program under test with `arguments`, `--runtime` added where one was asked for.
  func martlet(
    _ arguments: [String], in directory: String, environment extra: [String: String] = [:]
  ) -> Program {
    var words = arguments
    if let runtime = Machine.runtime, let verb = words.first, ["run", "create"].contains(verb) {
      words.insert(contentsOf: ["--runtime", runtime], at: machine.isPeer ? 0 : 1)
    }
    return Program(
      path: machine.martlet, arguments: words,
      environment: environment.merging(extra) { _, new in new }, directory: directory)
  }

  func census() -> Census { Census(base: base, peer: machine.isPeer) }

  private func check(_ result: CommandResult) throws {
    if result.exitCode != 0 { throw UnexpectedExit(result: result, expected: 0) }
  }

  /// The archive of the demo image: that of `MARTLET_DEMO_IMAGE`, else one made now.
  public func demoArchive() throws -> String {
    if let given = ProcessInfo.processInfo.environment["MARTLET_DEMO_IMAGE"] { return given }
    let repository = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let archive = base + "/demo.tar"
    try check(
      Program(
        path: "/\(repository)/contrib/demo-image", arguments: [archive], environment: environment,
        directory: base
      ).run())
    return archive
  }

  /// Leaves nothing of the run; layers belong to subordinate ids, so the product removes them.
  private static func removeShared() {
    guard case .success(let home) = shared else { return }
    _ = try? home.martlet(["rm", "-f", "-a", "-t", "0"], in: home.base).run()
    _ = try? home.martlet(["rmi", "-f", "-a"], in: home.base).run()
    if home.machine.isPeer {
      _ = try? home.martlet(["unshare", "rm", "-rf", home.base + "/d"], in: home.base).run()
      // Podman keeps a process for its user namespace; this is its way to end it.
      _ = try? home.martlet(["system", "migrate"], in: home.base).run()
    }
    try? FileManager.default.removeItem(atPath: home.base)
  }
}

/// System tests were started without anything to test.
struct NoProduct: Error, CustomStringConvertible {
  var description: String { "neither MARTLET_PREFIX nor MARTLET names an installed program" }
}
