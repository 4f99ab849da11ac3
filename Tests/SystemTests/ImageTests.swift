import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// images, tag, rmi, load, save, import and inspect, without a registry.
  @Suite struct ImageTests {
    private static let columns = "{{.Repository}}:{{.Tag}}"

    private func names(_ session: Session) throws -> [String] {
      try session.martlet("images", "--format", Self.columns).lines.sorted()
    }

    @Test func listsImages() throws {
      try Session.run { session in
        #expect(try names(session) == [Session.image])
        let short = try session.martlet("images", "-q").output
        let long = try session.martlet("images", "-q", "--no-trunc").output
        #expect(short.count == 12 && long.count == 71)
        #expect(long.hasPrefix("sha256:" + short))
        let words = try session.martlet("images").lines[0].split(separator: " ")
        #expect(words == ["REPOSITORY", "TAG", "IMAGE", "ID", "CREATED", "SIZE"])
      }
    }

    @Test func tagsAndUntags() throws {
      try Session.run { session in
        try session.martlet("tag", Session.image, "localhost/other:1")
        #expect(try names(session) == [Session.image, "localhost/other:1"].sorted())
        #expect(
          try session.martlet("run", "--rm", "--network", "none", "localhost/other:1", "echo", "x")
            .output == "x")
        try session.martlet("rmi", "localhost/other:1")
        #expect(try names(session) == [Session.image])
      }
    }

    @Test func removesByItsRules() throws {
      try Session.run { session in
        try session.martlet("rmi", "localhost/absent:1", exit: 1)
        try session.martlet("rmi", "-i", "localhost/absent:1")
        try session.martlet("create", "--name", "user", Session.image, "true")
        try session.martlet("rmi", Session.image, exit: 2)
        #expect(try names(session) == [Session.image])
      }
    }

    @Test(arguments: ["docker-archive", "oci-archive"])
    func savesWhatItLoads(format: String) throws {
      try Session.run { session in
        let archive = session.directory + "/saved.tar"
        try session.martlet("tag", Session.image, "localhost/copy:2")
        try session.martlet("save", "--format", format, "-o", archive, "localhost/copy:2")
        try session.martlet("rmi", "localhost/copy:2")
        let loaded = try session.martlet("load", "-i", archive)
        #expect(loaded.standardOutput.contains("localhost/copy:2"), "\(loaded.transcript)")
        let output = try session.martlet(
          "run", "--rm", "--network", "none", "localhost/copy:2", "cat", "/etc/hostname.absent",
          "/srv/www/index.html", exit: 1
        ).output
        #expect(output == "Hello from a Martlet container.")
        try session.martlet("rmi", "localhost/copy:2")
      }
    }

    @Test(
      .enabled(if: Machine.has("skopeo"), "skopeo is missing"),
      arguments: ["docker-archive", "oci-archive"])
    func savesWhatOthersRead(format: String) throws {
      try Session.run { session in
        let archive = session.directory + "/saved.tar"
        try session.martlet("save", "--format", format, "-o", archive, Session.image)
        let described = try session.tool("skopeo", "inspect", "--config", "\(format):\(archive)")
        #expect(described.standardOutput.contains("martlet-demo"))
      }
    }

    /// Somebody's umask is not to decide who may enter what an archive only implies.
    @Test func makesMissingDirectoriesForEverybody() throws {
      try Session.run { session in
        let root = session.directory + "/root"
        try session.tool("mkdir", "-p", root + "/some/bin")
        try session.tool("cp", Machine.find("busybox") ?? "busybox", root + "/some/bin/busybox")
        let archive = session.directory + "/root.tar"
        try session.tool("tar", "-C", root, "-cf", archive, "some/bin/busybox")
        try session.shell("umask 077; \"$MARTLET\" import -q \(archive) localhost/implied:1")
        let output = try session.martlet(
          "run", "--rm", "--network", "none", "--user", "1000", "localhost/implied:1",
          "/some/bin/busybox", "stat", "-c", "%a", "/some", "/some/bin"
        ).output
        #expect(output == "755\n755")
        try session.martlet("rmi", "localhost/implied:1")
      }
    }

    @Test func importsATarball() throws {
      try Session.run { session in
        let root = session.directory + "/root"
        try session.tool("mkdir", "-p", root + "/bin")
        try session.tool("cp", Machine.find("busybox") ?? "busybox", root + "/bin/busybox")
        try session.tool("tar", "-C", root, "-cf", session.directory + "/root.tar", ".")
        try session.martlet("import", session.directory + "/root.tar", "localhost/imported:1")
        let output = try session.martlet(
          "run", "--rm", "--network", "none", "localhost/imported:1", "/bin/busybox", "echo", "in"
        ).output
        #expect(output == "in")
        try session.martlet("rmi", "localhost/imported:1")
        #expect(try names(session) == [Session.image])
      }
    }

    @Test(arguments: [
      ("{{.Os}}", "linux"), ("{{index .RepoTags 0}}", Session.image),
      ("{{json .Config.Cmd}}", #"["sh"]"#), ("{{len .RootFS.Layers}}", "1"),
      (#"{{index .Config.Labels "org.opencontainers.image.title"}}"#, "martlet-demo"),
    ])
    func inspectsImages(template: String, expected: String) throws {
      try Session.run { session in
        let value = try session.inspect(Session.image, template)
        #expect(value == expected)
      }
    }

    @Test func refusesBadArchives() throws {
      try Session.run { session in
        let file = try session.write("not a tar archive", to: "bad.tar")
        let result = try session.martlet("load", "-i", file, exit: 125)
        #expect(!result.standardError.isEmpty)
        try session.martlet("load", "-i", session.directory + "/absent.tar", exit: 125)
        #expect(try names(session) == [Session.image])
      }
    }
  }
}
