import FoundationEssentials
import Glibc

/// Another machine around a command: what is hidden or mounted in it is so for that command alone.
public struct Surroundings: Sendable {
  /// Who the command is in the user namespace that makes the mounts possible.
  public enum Identity: Sendable {
    /// The caller, without any other id: enough for what fails before a container exists.
    case caller
    /// Root with all of the caller's subordinate ids, as in a container.
    case root
    /// Root with so many ids besides.
    case few(Int)
  }

  public var identity: Identity
  /// Shell commands that prepare the mounts.
  public var preparation: [String]

  public init(_ identity: Identity, _ preparation: [String] = []) {
    self.identity = identity
    self.preparation = preparation
  }

  /// Without these programs or files: what is there in their place is no program and empty.
  public static func without(_ paths: [String], _ identity: Identity = .root) -> Surroundings {
    Surroundings(identity, paths.map { "if [ -e \($0) ]; then mount --bind /dev/null \($0); fi" })
  }

  /// With `text` as the content of a file that exists.
  public static func with(_ text: String, in path: String) -> Surroundings {
    Surroundings(
      .caller,
      ["printf '%s' '\(text)' >replaced", "mount --bind replaced \(path)", "rm replaced"])
  }

  fileprivate var words: [String] {
    switch identity {
    case .caller: ["--user", "--map-current-user", "--keep-caps", "--mount"]
    case .root: ["--user", "--map-root-user", "--map-auto", "--mount"]
    case .few(let count):
      [
        "--user", "--map-root-user", "--mount",
        "--map-users=\(Self.firstID(in: "/etc/subuid")),1,\(count)",
        "--map-groups=\(Self.firstID(in: "/etc/subgid")),1,\(count)",
      ]
    }
  }

  private static func firstID(in path: String) -> String {
    let user = ProcessInfo.processInfo.environment["USER"] ?? ""
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("\(user):") }
    return line?.split(separator: ":").dropFirst().first.map(String.init) ?? "100000"
  }

  /// Whether unshare(1) can make such surroundings here.
  public static let areAvailable: Bool = {
    let probe = Program(
      path: "unshare",
      arguments: Surroundings(.root).words + ["mount", "-t", "tmpfs", "t", "/mnt"],
      environment: ProcessInfo.processInfo.environment, directory: "/tmp")
    return (try? probe.run())?.exitCode == 0
  }()
}

extension Session {
  /// Runs a shell script in other surroundings; `"$M"` is the program under test, `"$D"` the session's
  /// directory, where it runs.
  ///
  /// Containers that it starts must be gone at its end.
  public func script(
    _ script: String, in surroundings: Surroundings, environment: [String: String] = [:]
  ) throws -> CommandResult {
    let text = (["set -e", "cd \"$D\""] + surroundings.preparation + ["set +e", script]).joined(
      separator: "\n")
    let program = home.martlet([], in: directory, environment: environment)
    return try Program(
      path: "unshare",
      arguments: surroundings.words + ["sh", "-c", text],
      environment: program.environment.merging(
        ["M": program.path, "D": directory]
      ) { $1 }, directory: directory
    ).run(deadline: .seconds(50))
  }
}
