import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// version, info and help: what scripts and people ask first.
  @Suite struct InformationTests {
    @Test func tellsItsVersion() throws {
      try Session.run { session in
        let version = try session.martlet("version", "--format", "{{.Client.Version}}").output
        #expect(version.wholeMatch(of: /\d+\.\d+\.\d+\S*/) != nil)
        #expect(try session.martlet("--version").output.hasSuffix(" " + version))
        #expect(try session.martlet("version").standardOutput.contains(version))
        let json = try session.martlet("version", "--format", "json").standardOutput
        let decoded = try JSONDecoder().decode(VersionReport.self, from: Data(json.utf8))
        #expect(decoded.Client.Version == version)
      }
    }

    @Test(
      arguments: [
        ("{{.Host.Security.Rootless}}", "true"), ("{{.Host.OS}}", "linux"),
      ])
    func describesTheHost(template: String, expected: String) throws {
      try Session.run { session in
        let value = try session.martlet("info", "--format", template).output
        #expect(value == expected)
      }
    }

    @Test func saysWhereImagesAre() throws {
      try Session.run { session in
        let root = try session.martlet("info", "--format", "{{.Store.GraphRoot}}").output
        #expect(FileManager.default.fileExists(atPath: root))
      }
    }

    @Test(arguments: [["--help"], ["run", "--help"], ["images", "--help"], ["help"]])
    func helps(arguments: [String]) throws {
      try Session.run { session in
        let result = try session.martlet(arguments)
        #expect(result.standardOutput.lowercased().contains("usage"), "\(result.transcript)")
        #expect(result.standardError.isEmpty)
      }
    }

    private struct VersionReport: Decodable {
      struct Part: Decodable { let Version: String }
      let Client: Part
    }
  }
}
