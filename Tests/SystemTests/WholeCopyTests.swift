import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// Containers with a copy of their image of their own (`--storage-driver vfs`).
  @Suite(.enabled(if: Machine.current?.isPeer == false, "Martlet's own storage drivers"))
  struct WholeCopyTests {
    private static let vfs = ["--storage-driver", "vfs"]

    private static func make(_ session: Session, _ script: String, _ flags: [String] = []) throws {
      try session.martlet(
        vfs + ["run", "--network", "none", "--name", "c"] + flags + [Session.image, "sh", "-c"]
          + [script])
    }

    @Test func livesAsOtherContainersDo() throws {
      try Session.run { session in
        try Self.make(
          session,
          """
          echo new > /added; mkdir /etc/d; echo x > /etc/d/f; ln /etc/d/f /etc/d/g; \
          rm /etc/passwd; chmod 4755 /etc/group; chown 5:6 /srv; ln -s f /etc/d/link
          """)
        let changes = [
          "A /added", "C /etc", "A /etc/d", "A /etc/d/f", "A /etc/d/g", "A /etc/d/link",
          "C /etc/group", "D /etc/passwd", "C /srv",
        ]
        // Its record says how it is stored, whatever a later command would choose.
        #expect(try session.martlet("diff", "c").lines == changes)
        #expect(
          try session.martlet(
            "inspect", "--format", "{{.Driver}} {{.GraphDriver.Name}} {{.Name}}", "c"
          ).lines == ["vfs vfs c"])
        #expect(try session.martlet("ps", "-a", "--size").output.contains("(virtual "))
        try session.martlet("system", "check")
        try session.martlet("commit", "-q", "c", "changed")
        let script = """
          cat /etc/d/link; stat -c '%h %a %u:%g' /etc/d/g /etc/group; \
          stat -c '%a %u:%g' /srv; ls /etc/passwd
          """
        let seen = try session.martlet(
          "run", "--rm", "--network", "none", "changed", "sh", "-c", script, exit: 1)
        #expect(seen.lines == ["x", "2 644 0:0", "1 4755 0:0", "755 5:6"])
        try session.shell("$MARTLET export c | tar -xO added > exported; grep -qx new exported")
        _ = try session.write("from the host", to: "file")
        try session.martlet("cp", "file", "c:/etc/file")
        try session.shell("$MARTLET cp c:/etc/file - | tar -xO | grep -qx 'from the host'")
        try session.martlet("rm", "c")
        try session.martlet("rmi", "changed")
      }
    }

    @Test func imagesAreMountedAsCopies() throws {
      try Session.run { session in
        let script = """
          m=$($MARTLET --storage-driver vfs image mount \(Session.image))
          cat $m/srv/www/index.html
          touch $m/x 2>/dev/null || echo read-only
          $MARTLET image unmount \(Session.image) >/dev/null
          """
        _ = try session.write(script, to: "script")
        let seen = try session.shell("$MARTLET unshare sh -e script")
        #expect(seen.lines == ["Hello from a Martlet container.", "read-only"])
      }
    }

    @Test func mountsWithoutOverlays() throws {
      try Session.run { session in
        try session.shell("mkdir -p d/sub; echo old > d/sub/f; chmod 700 d/sub; ln -s sub d/link")
        let image = Session.image
        let script = """
          cat /o/link/f; stat -c %a /o/sub; echo new > /o/sub/f; rm -r /o/sub; touch /o/mine; ls /o
          cat /i/srv/www/index.html; touch /i/x 2>/dev/null || echo read-only; rm /w/bin/sh; ls /w/bin/sh
          """
        let flags = [
          "-v", "\(session.directory)/d:/o:O", "--mount", "type=image,src=\(image),dst=/i",
          "--mount", "type=image,src=\(image),dst=/w,rw",
        ]
        let lines = [
          "old", "700", "link", "mine", "Hello from a Martlet container.", "read-only",
        ]
        try session.martlet(
          Self.vfs + ["create", "--network", "none", "--name", "c"] + flags
            + [image, "sh", "-c", script])
        // Each start begins with what there is outside.
        for _ in 1...2 {
          let result = try session.martlet("start", "-a", "c", exit: 1)
          #expect(result.lines == lines)
          #expect(try session.shell("cat d/sub/f; ls d").lines == ["old", "link", "sub"])
        }
        try session.martlet("rm", "c")
      }
    }

    /// Directories for the changes of a volume make an overlay, whatever the driver of images is.
    @Test func keepsChangesOfAVolumeWhereTheUserSays() throws {
      try Session.run { session in
        let image = Session.image
        try session.shell("mkdir d up work; echo outside > d/f")
        let volume =
          "\(session.directory)/d:/o:O,upperdir=\(session.directory)/up,"
          + "workdir=\(session.directory)/work"
        try session.martlet(
          Self.vfs + ["run", "--rm", "--network", "none", "-v", volume, image]
            + ["sh", "-c", "cat /o/f; echo inside > /o/g"])
        #expect(try session.shell("ls d; cat up/g").lines == ["f", "inside"])
        // The kernel's own directory below it is closed to everybody.
        try session.shell("chmod 700 work/*")
      }
    }

    @Test func comparesWhatMetadataDoesNotTell() throws {
      try Session.run { session in
        try Self.make(
          session,
          """
          s=$(stat -c %s /etc/group); touch -r /etc/group /tmp/t; \
          head -c $s /dev/zero > /etc/group; touch -r /tmp/t /etc/group; rm /tmp/t; \
          chmod 600 /etc/passwd; chmod 644 /etc/passwd
          """)
        let lines = try session.martlet("diff", "c").lines.filter { $0 != "C /tmp" }
        #expect(lines == ["C /etc", "C /etc/group"])
        try session.martlet("rm", "c")
      }
    }

    @Test func ownersFitAnotherMapping() throws {
      try Session.run { session in
        try Self.make(
          session, "test $(stat -c %u /srv) = 0 && test $(id -u) != 0",
          ["--userns", "keep-id"])
        #expect(try session.martlet("diff", "c").lines.filter { !$0.contains("/etc") } == [])
        try session.martlet("rm", "c")
      }
    }

    /// In an overlay there can be no other overlay to write to, and FUSE can be missing.
    @Test func isTheLastResort() throws {
      try Session.run { session in
        _ = try session.write(
          """
          mkdir l u w m
          mount -t overlay -o userxattr,lowerdir=l,upperdir=u,workdir=w overlay m
          [ ! -e /dev/fuse ] || mount --bind /dev/null /dev/fuse
          m() { $MARTLET --root "$PWD/m/d" --runroot "$PWD/m/r" "$@"; }
          m load -q -i image.tar > log
          m info --format '{{.Store.GraphDriverName}}'
          m run --network none --name c \(Session.image) sh -c 'echo x > /x; test -s /etc/group'
          m diff c
          m inspect --format '{{.Driver}}' c
          m run --rm --network none \(Session.image) true
          m start c
          m wait c
          m rm c
          m --storage-driver overlay run --network none \(Session.image) true 2> complaint || echo $?
          m system reset -f
          """, to: "script")
        try session.martlet("save", "-q", "-o", "image.tar", Session.image)
        let result = try session.shell("$MARTLET unshare env MARTLET=\"$MARTLET\" sh -e script")
        #expect(
          result.lines.filter { !$0.hasPrefix("Deleted") } == [
            "vfs", "A /x", "vfs", "c", "0", "c", "125",
          ], "\(result.transcript)")
        try session.martlet("unshare", "rm", "-rf", "l", "u", "w", "m")
      }
    }

    @Test func isChosenByPodmansFile() throws {
      try Session.run { session in
        let file = try session.write("[storage]\ndriver = \"vfs\"\n", to: "storage.conf")
        for (environment, driver) in [
          (["CONTAINERS_STORAGE_CONF": file], "vfs"), (["STORAGE_DRIVER": "vfs"], "vfs"),
          (["CONTAINERS_STORAGE_CONF": file, "STORAGE_DRIVER": "overlay"], "overlay"),
        ] {
          try session.martlet(
            ["create", "--name", "c", Session.image, "true"], environment: environment)
          let found = try session.martlet("inspect", "--format", "{{.Driver}}", "c").lines
          #expect(found == [driver], "\(environment)")
          try session.martlet("rm", "c")
        }
        let refused = try session.martlet(
          ["create", Session.image, "true"], exit: 125, environment: ["STORAGE_DRIVER": "zfs"])
        #expect(refused.standardError.contains("STORAGE_DRIVER is not supported"))
      }
    }
  }
}
