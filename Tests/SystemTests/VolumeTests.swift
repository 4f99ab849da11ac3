import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// `volume`, and what containers do with volumes.
  @Suite struct VolumeTests {
    /// A name of this run alone, with its volume removed afterwards.
    private static func withName(_ body: (Session, String) throws -> Void) throws {
      try Session.run { session in
        let name = "v\(UUID().uuidString.prefix(8).lowercased())"
        do {
          try body(session, name)
        } catch {
          _ = try? session.martlet("volume", "rm", "-f", name)
          throw error
        }
        try session.martlet("volume", "rm", "-f", name)
      }
    }

    @Test func makesListsShowsAndRemoves() throws {
      try Self.withName { session, name in
        let made = try session.martlet("volume", "create", "-l", "a=b", "-l", "c", name).output
        #expect(made == name)
        try session.martlet("volume", "create", name, exit: 125)
        #expect(try session.martlet("volume", "create", "--ignore", name).output == name)
        try session.martlet("volume", "exists", name)
        #expect(try session.martlet("volume", "ls", "-q", "-f", "name=\(name)").output == name)
        for (filter, hit) in [
          ("label=a", true), ("label=a=b", true), ("label=a=x", false), ("label!=a", false),
          ("dangling=true", true), ("dangling=false", false), ("driver=local", true),
          ("until=2001-01-01T00:00:00Z", false), ("anonymous=false", true),
        ] {
          let found = try session.martlet("volume", "ls", "-q", "-f", filter, "-f", "name=\(name)")
          #expect(found.output == (hit ? name : ""), "\(filter)")
        }
        let table = try session.martlet("volume", "ls", "-f", "name=\(name)").output
        #expect(table.hasPrefix("DRIVER") && table.hasSuffix(" \(name)"), "\(table)")
        let shown = try session.martlet(
          "volume", "inspect", "--format", "{{.Name}} {{.Driver}} {{.Labels}} {{.Scope}}", name
        ).output
        #expect(shown == "\(name) local map[a:b c:] local")
        #expect(try session.martlet("volume", "rm", name).output == name)
        try session.martlet("volume", "exists", name, exit: 1)
        try session.martlet("volume", "rm", name, exit: 1)
        try session.martlet("volume", "inspect", name, exit: 125)
      }
    }

    @Test func keepsAVolumeThatAContainerMounts() throws {
      try Self.withName { session, name in
        let id = try session.martlet(
          "create", "--network", "none", "--name", "c", "-v", "\(name):/data", Session.image, "true"
        ).output
        // There from the moment the container is.
        try session.martlet("volume", "exists", name)
        let refused = try session.martlet("volume", "rm", name, exit: 2)
        #expect(refused.standardError.contains(id))
        #expect(!(try session.martlet("volume", "prune", "-f").output.contains(name)))
        #expect(try session.martlet("volume", "rm", "-f", name).output == name)
        try session.martlet("container", "exists", "c", exit: 1)
      }
    }

    @Test func copiesUpOnceOnly() throws {
      try Self.withName { session, name in
        try session.martlet("volume", "create", name)
        let run = ["run", "--rm", "--network", "none", "-v", "\(name):/etc", Session.image]
        try session.martlet(run + ["rm", "/etc/group"])
        let listed = try session.martlet(run + ["ls", "/etc"]).output.split(separator: "\n")
        #expect(listed.contains("passwd"))
        #expect(!listed.contains("group"))
      }
    }

    @Test(arguments: [["--rm"], []]) func anonymousVolumesGoWithTheirContainer(flags: [String])
      throws
    {
      try Session.run { session in
        let before = try session.martlet("volume", "ls", "-q").output
        try session.martlet(
          ["run", "--network", "none", "--name", "c"] + flags + [
            "-v", "/data", Session.image, "true",
          ])
        if flags.isEmpty {
          #expect(try session.martlet("volume", "ls", "-q", "-f", "anonymous=true").output != "")
          try session.martlet("rm", "-v", "c")
        }
        #expect(try session.martlet("volume", "ls", "-q").output == before)
      }
    }

    @Test func movesFilesInAndOut() throws {
      try Self.withName { session, name in
        try session.martlet("volume", "create", "--uid", "5", "--gid", "6", name)
        try session.shell("mkdir t; echo x > t/f; tar -C t -czf in.tgz .")
        try session.martlet("volume", "import", name, "in.tgz")
        let seen = try session.martlet(
          "run", "--rm", "--network", "none", "-v", "\(name):/d", Session.image, "sh", "-c",
          "cat /d/f; stat -c %u:%g /d"
        ).output
        #expect(seen == "x\n5:6")
        try session.martlet("volume", "export", "-o", "out.tar", name)
        #expect(try session.shell("tar -xOf out.tar f").output == "x")
        try session.shell("$MARTLET volume export \(name) | $MARTLET volume import \(name) -")
        try session.martlet("volume", "import", "absent", "in.tgz", exit: 125)
        let inside = try session.shell(
          "$MARTLET unshare sh -c 'ls $($MARTLET volume mount \(name)); "
            + "$MARTLET volume unmount \(name)'"
        ).output
        #expect(inside == "f\n\(name)")
        try session.martlet("volume", "mount", name, exit: 125)
      }
    }

    @Test func mountsWhatItsOptionsName() throws {
      try Self.withName { session, name in
        try session.tool("mkdir", "host")
        _ = try session.write("from the host", to: "host/f")
        try session.martlet(
          "volume", "create", "--opt", "type=none", "--opt", "o=bind,ro", "--opt",
          "device=\(session.directory)/host", name)
        let run = ["run", "--rm", "--network", "none", "-v", "\(name):/d", Session.image]
        #expect(try session.martlet(run + ["cat", "/d/f"]).output == "from the host")
        try session.martlet(run + ["touch", "/d/g"], exit: 1)
        try session.martlet("volume", "rm", name)
        #expect(FileManager.default.fileExists(atPath: session.directory + "/host/f"))
        try session.martlet(
          "volume", "create", "--opt", "type=tmpfs", "--opt", "o=size=2m,nodev", name)
        let mounted = try session.martlet(run + ["grep", " /d ", "/proc/mounts"]).output
        #expect(mounted.contains("tmpfs") && mounted.contains("size=2048k"), "\(mounted)")
        try session.martlet("volume", "create", "--opt", "type=nfs", "other", exit: 125)
      }
    }

    @Test func pruneTakesWhatMatches() throws {
      try Self.withName { session, name in
        try session.martlet("volume", "create", "-l", "mine=\(name)", name)
        #expect(
          try session.martlet("volume", "prune", "-f", "--filter", "label=mine=other").output == "")
        #expect(
          try session.martlet("volume", "prune", "-f", "--filter", "label=mine=\(name)").output
            == name)
      }
    }
  }
}
