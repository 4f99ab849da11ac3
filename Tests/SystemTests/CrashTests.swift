import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// Power cuts, full disks, and many commands at once.
  @Suite struct CrashTests {
    /// F10: every prefix of what a command wrote, as a disk could hold it.
    @Test(.enabled(if: Machine.has("strace") && Machine.has("python3"), "strace is missing"))
    func aPowerCutLeavesWholeImages() throws {
      try Session.run { session in
        let script = try #require(Self.script, "Tests/power-cut is not readable")
        let program = try #require(Machine.current?.martlet)
        let place = session.directory + "/cut"
        let result = try session.martlet(
          "unshare", "sh", "-c",
          "mkdir '\(place)' && python3 - '\(program)' '\(place)' 7; s=$?; rm -rf '\(place)'; exit $s",
          input: script)
        let rows = result.lines.filter { $0.hasPrefix("| ") }.dropFirst()
        #expect(rows.count == 13, "\(result.transcript)")
        #expect(rows.allSatisfy { $0.hasSuffix("| 0 |") }, "\(result.transcript)")
      }
    }

    private static var script: String? {
      let folder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
      let data = FileManager.default.contents(atPath: "/\(folder)/power-cut")
      return data.map { String(decoding: $0, as: UTF8.self) }
    }
  }
}
