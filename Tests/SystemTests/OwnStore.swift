import FoundationEssentials
import TestSupport

/// A store of one test alone, with the demo image in it: for tests that damage or empty theirs.
struct OwnStore {
  let session: Session
  let root: String

  /// The options that choose it.
  var globals: [String] { ["--root", root, "--runroot", root + ".run"] }

  /// Runs `body` with a new store and removes that.
  static func run(_ body: (OwnStore) throws -> Void) throws {
    try Session.run { session in
      let store = OwnStore(session: session, root: session.directory + "/own")
      let archive = session.directory + "/own.tar"
      try session.martlet("save", "-q", "-o", archive, Session.image)
      try store.martlet("load", "-q", "-i", archive)
      do { try body(store) } catch {
        _ = try? store.martlet("system", "reset", "-f")
        throw error
      }
      try store.martlet("system", "reset", "-f")
    }
  }

  @discardableResult
  func martlet(_ words: String..., exit: Int32 = 0, input: String = "") throws -> CommandResult {
    try session.martlet(
      globals + words, exit: exit, input: input)
  }

  /// A shell line as root of the user namespace.
  @discardableResult
  func inside(_ line: String) throws -> String {
    try martlet("unshare", "sh", "-ec", "cd '\(root)'; \(line)").output
  }

  /// The names in one of the store's directories, sorted.
  func names(_ directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(directory)").sorted()
  }
}
