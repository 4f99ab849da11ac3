import FoundationEssentials
import Glibc

/// The installed product and the machine under it: what is there, and what a test may ask for.
public struct Machine: Sendable {
  /// The program under test: `MARTLET`, or `bin/martlet` below `MARTLET_PREFIX`.
  public let martlet: String
  /// The installation prefix, when the program under test is Martlet itself.
  public let prefix: String?

  /// Nil when nothing installed was named: then system tests are skipped, not failed.
  public static let current: Machine? = {
    let environment = ProcessInfo.processInfo.environment
    if let prefix = environment["MARTLET_PREFIX"], !prefix.isEmpty {
      return Machine(martlet: environment["MARTLET"] ?? prefix + "/bin/martlet", prefix: prefix)
    }
    guard let program = environment["MARTLET"], !program.isEmpty else { return nil }
    return Machine(martlet: program, prefix: nil)
  }()

  /// True when the tests run against another tool of the same contract to prove the tests.
  public var isPeer: Bool { !martlet.hasSuffix("/martlet") }

  public static var isRoot: Bool { geteuid() == 0 }

  /// The runtime asked for by `RUNTIME` (crun, runc), or nil for the default one.
  public static var runtime: String? {
    let name = ProcessInfo.processInfo.environment["RUNTIME"] ?? ""
    return name.isEmpty ? nil : name
  }

  /// The full path of a program on PATH, or nil.
  public static func find(_ program: String) -> String? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    return path.split(separator: ":").map { "\($0)/\(program)" }
      .first { unsafe access($0, X_OK) == 0 }
  }

  public static func has(_ program: String) -> Bool { find(program) != nil }

  /// True when this user's cgroup has the controller, so that limits can be set.
  public static func hasController(_ name: String) -> Bool {
    guard let own = try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8) else {
      return false
    }
    guard let line = own.split(separator: "\n").first(where: { $0.hasPrefix("0::") }) else {
      return false
    }
    let file = "/sys/fs/cgroup\(line.dropFirst(3))/cgroup.controllers"
    let controllers = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
    return controllers.split(whereSeparator: \.isWhitespace).contains { $0 == name }
  }
}
