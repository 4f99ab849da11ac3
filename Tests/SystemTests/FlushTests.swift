import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// What commands about many names make the disk do, counted by strace(1).
  @Suite(.enabled(if: Machine.has("strace"), "strace is missing"))
  struct FlushTests {
    private static let names = (0..<30).map { "localhost/many-\($0):1" }

    /// Runs a command of the store; how often it flushed, removed files and started programs.
    private func counts(_ store: OwnStore, _ words: [String]) throws -> [String: Int] {
      let trace = store.session.directory + "/trace"
      let calls = "fsync,fdatasync,syncfs,unlink,execve"
      try store.session.shell(
        """
        exec strace -f -qq -o '\(trace)' -e trace=\(calls) \\
          "$MARTLET" \((store.globals + words).joined(separator: " "))
        """)
      var counts: [String: Int] = [:]
      let lines = try String(decoding: Data(contentsOf: .init(filePath: trace)), as: UTF8.self)
        .split(separator: "\n")
      for line in lines where line.hasSuffix(" = 0") {
        let call = line.drop { !$0.isLetter }.prefix { $0 != "(" }
        counts[String(call), default: 0] += 1
      }
      return counts
    }

    /// One flush for the contents of each name, and one for the directory of them all.
    @Test func namingFlushesTheDirectoryOnce() throws {
      try OwnStore.run { store in
        let made = try counts(store, ["tag", Session.image] + Self.names)
        #expect(made["fsync"] == Self.names.count + 1)
        let gone = try counts(store, ["untag", Session.image] + Self.names)
        #expect(gone["fsync"] == 1)
        #expect(gone["unlink"] == Self.names.count)
      }
    }

    @Test func removalFlushesEachDirectoryOnce() throws {
      try OwnStore.run { store in
        try store.session.martlet(store.globals + ["tag", Session.image] + Self.names)
        let all = try counts(store, ["rmi", "--no-prune"] + Self.names + [Session.image])
        #expect(all["fsync"] == 2)
        #expect(all["unlink"] == Self.names.count + 2)
        #expect(all["execve"] == 1)
        #expect(try store.martlet("images", "-q").output == "")
      }
    }
  }
}
