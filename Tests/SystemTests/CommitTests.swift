import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// `diff`, `export` and `commit`: a container's files as changes, as an archive and as an image.
  @Suite struct CommitTests {
    private static let script = """
      echo new > /added; mkdir /etc/d; echo x > /etc/d/f; ln /etc/d/f /etc/d/g; rm /etc/passwd; \
      chmod 4755 /etc/group; ln -s f /etc/d/link; touch -d @981173106 /etc/d/f; rm -r /srv; \
      mkdir /srv; chown 5:6 /srv
      """

    private static let states = ["running", "exited"]

    private static func make(_ session: Session, _ state: String) throws {
      try session.martlet(
        "run", "-d", "--network", "none", "--name", "c", Session.image, "sh", "-c",
        script + (state == "running" ? "; touch /tmp/ready; sleep 300" : ""))
      if state == "exited" {
        try session.martlet("wait", "c")
      } else {
        #expect(
          Poll.until(deadline: .seconds(20)) {
            (try? session.martlet("exec", "c", "test", "-e", "/tmp/ready")) != nil
          })
        try session.martlet("exec", "c", "rm", "/tmp/ready")
      }
    }

    @Test(arguments: states) func listsWhatTheContainerChanged(state: String) throws {
      try Session.run { session in
        try Self.make(session, state)
        let lines = try session.martlet("diff", "c").output.split(separator: "\n")
          .filter { $0 != "C /tmp" }
        #expect(
          lines == [
            "A /added", "C /etc", "A /etc/d", "A /etc/d/f", "A /etc/d/g", "A /etc/d/link",
            "C /etc/group", "D /etc/passwd", "C /srv",
          ])
        let json = try session.martlet("diff", "--format", "json", "c").output
        #expect(json.contains("\"deleted\": [\n        \"/etc/passwd\"\n    ]"))
      }
    }

    @Test func aContainerThatNeverRanHasChangedNothing() throws {
      try Session.run { session in
        try session.martlet("create", "--network", "none", "--name", "c", Session.image, "true")
        #expect(try session.martlet("diff", "c").output == "")
        #expect(try session.martlet("diff", Session.image).output.contains("A /bin/sh"))
        try session.martlet("container", "diff", Session.image, exit: 125)
      }
    }

    @Test(arguments: states) func exportsAllFilesButNoMounts(state: String) throws {
      try Session.run { session in
        try session.tool("mkdir", "host")
        _ = try session.write("secret", to: "host/secret")
        try Self.make(session, state)
        try session.shell("$MARTLET export c | tar -tv > list; $MARTLET export -o file.tar c")
        let list = try session.tool("cat", "list").output
        #expect(list.contains(" added\n"))
        #expect(list.contains("etc/d/g link to etc/d/f"))
        #expect(list.contains("-rwsr-xr-x 0/0"))
        #expect(list.contains("5/6"))
        #expect(!list.contains("etc/passwd"))
        #expect(!list.contains(" dev/null"))
        #expect(!list.contains("proc/1"))
        // The same files give the same bytes.
        try session.shell("$MARTLET export c | cmp - file.tar")
      }
    }

    @Test func removesAnExportThatFailed() throws {
      try Session.run { session in
        try session.martlet("export", "-o", "left.tar", "absent", exit: 125)
        #expect(!FileManager.default.fileExists(atPath: session.directory + "/left.tar"))
      }
    }

    @Test(arguments: [[], ["--squash"], ["--format", "docker"]])
    func makesAnImageThatOthersRead(flags: [String]) throws {
      try Session.run { session in
        let name = "localhost/committed:\(UUID().uuidString.prefix(6).lowercased())"
        try Self.make(session, "running")
        let id = try session.martlet(
          [
            "commit", "-q", "--iidfile", "id", "-a", "somebody", "-m", "a message", "-c",
            "CMD [\"cat\",\"/added\"]", "-c", "ENV A=b",
          ] + flags + ["c", name]
        ).output
        #expect(try session.tool("cat", "id").output == id)
        #expect(try session.martlet("run", "--rm", "--network", "none", name).output == "new")
        let facts = try session.martlet(
          "run", "--rm", "--network", "none", name, "sh", "-c",
          "echo $A; stat -c '%a %h %Y %u:%g' /etc/d/f /etc/group /srv; test -e /etc/passwd || echo gone; ls /srv"
        ).output
        let lines = facts.split(separator: "\n")
        #expect(lines.count == 5, "\(facts)")
        #expect(lines.starts(with: ["b", "644 2 981173106 0:0"]))
        #expect(lines[2].hasPrefix("4755 1") && lines[3].hasSuffix("5:6"))
        #expect(lines.last == "gone")
        try session.martlet("save", "-q", "-o", "docker.tar", name)
        try session.martlet("save", "-q", "--format", "oci-archive", "-o", "oci.tar", name)
        for archive in ["docker-archive:docker.tar", "oci-archive:oci.tar"] {
          let read = try session.tool("skopeo", "inspect", "--config", archive).output
          #expect(read.contains("somebody"))
          #expect(read.contains("a message"))
        }
        try session.tool("skopeo", "copy", "-q", "oci-archive:oci.tar", "oci:layout:x")
        try session.shell(
          "umoci raw unpack --rootless --image layout:x bundle >/dev/null && cat bundle/added")
        try session.martlet("rmi", name)
      }
    }

    @Test func mountsTheRootInsideUnshareOnly() throws {
      try Session.run { session in
        try session.martlet(
          "create", "--network", "none", "--name", "c", Session.image, "cat", "/n")
        let refused = try session.martlet("mount", "c", exit: 125)
        #expect(refused.standardError.contains("martlet unshare"))
        try session.shell(
          "$MARTLET unshare sh -ec 'd=$($MARTLET mount c); test -x $d/bin/sh; echo new > $d/n; "
            + "test \"$($MARTLET mount c)\" = $d; $MARTLET mount | grep -q $d; "
            + "! $MARTLET start c; $MARTLET umount c; ! $MARTLET umount c; $MARTLET umount -f c'")
        #expect(try session.martlet("start", "-a", "c").output == "new")
      }
    }

    @Test func keepsOrPausesAsTold() throws {
      try Session.run { session in
        let name = "localhost/committed:\(UUID().uuidString.prefix(6).lowercased())"
        try session.martlet(
          "create", "--network", "none", "--name", "c", "-v", "/data", "-l", "a=b", "-w", "/tmp",
          "-u", "7", Session.image, "true")
        try session.martlet("commit", "--include-volumes", "-q", "c", name)
        let shown = try session.martlet(
          "image", "inspect", "--format",
          "{{.Config.Volumes}} {{.Config.User}} {{.Config.WorkingDir}} {{index .Config.Labels \"a\"}}",
          name
        ).output
        #expect(shown == "map[/data:{}] 7 /tmp b")
        try session.martlet("commit", "-c", "NONSENSE x", "c", exit: 125)
        try session.martlet("rmi", name)
      }
    }
  }
}
