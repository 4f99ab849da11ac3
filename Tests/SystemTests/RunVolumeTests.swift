import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// `-v` and `--mount`: what of the host a container sees, and what it may change.
  @Suite struct RunVolumeTests {
    @Test(arguments: [
      ["-v", "DIR:/data"], ["--volume=DIR:/data:rw"],
      ["--mount", "type=bind,src=DIR,dst=/data"], ["--mount=type=bind,source=DIR,target=/data"],
    ])
    func bindsADirectory(flags: [String]) throws {
      try Session.run { session in
        _ = try session.write("from the host\n", to: "in")
        let result = try session.martlet(
          ["run", "--rm", "--network", "none"]
            + flags.map { $0.replacing("DIR", with: session.directory) }
            + [Session.image, "sh", "-c", "cat /data/in; echo from inside > /data/out"])
        #expect(result.output == "from the host")
        let written = try String(contentsOfFile: session.directory + "/out", encoding: .utf8)
        #expect(written == "from inside\n")
      }
    }

    @Test(arguments: [
      ["-v", "DIR:/data:ro"], ["--mount", "type=bind,src=DIR,dst=/data,ro"],
      ["--mount", "type=bind,src=DIR,dst=/data,readonly=true"],
    ])
    func keepsAReadOnlyDirectory(flags: [String]) throws {
      try Session.run { session in
        let result = try session.martlet(
          ["run", "--rm", "--network", "none"]
            + flags.map { $0.replacing("DIR", with: session.directory) }
            + [Session.image, "sh", "-c", "echo x 2>/dev/null > /data/out || echo refused"])
        #expect(result.output == "refused")
        #expect(!FileManager.default.fileExists(atPath: session.directory + "/out"))
      }
    }

    @Test(arguments: [["-v", "NAME:/data"], ["--mount", "type=volume,src=NAME,dst=/data"]])
    func keepsANamedVolume(flags: [String]) throws {
      try Session.run { session in
        let name = "kept-" + UUID().uuidString.prefix(6).lowercased()
        let run =
          ["run", "--rm", "--network", "none"] + flags.map { $0.replacing("NAME", with: name) }
          + [Session.image, "sh", "-c"]
        try session.martlet(run + ["echo kept > /data/file"])
        #expect(try session.martlet(run + ["cat /data/file"]).output == "kept")
      }
    }

    @Test func bindsASingleFile() throws {
      try Session.run { session in
        let file = try session.write("one file\n", to: "file")
        let result = try session.martlet(
          "run", "--rm", "--network", "none", "-v", "\(file):/etc/new/file:ro", Session.image,
          "cat", "/etc/new/file")
        #expect(result.output == "one file")
      }
    }

    @Test func refusesAMissingDirectory() throws {
      try Session.run { session in
        let result = try session.martlet(
          "run", "--rm", "--network", "none", "--mount",
          "type=bind,src=\(session.directory)/absent,dst=/data", Session.image, "true", exit: 125)
        #expect(result.standardError.contains("absent"), "\(result.transcript)")
        #expect(try session.martlet("ps", "-a", "-q").output == "")
      }
    }
  }
}
