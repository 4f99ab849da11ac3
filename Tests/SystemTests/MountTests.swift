import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// `--mount` of every type, options of `-v`, devices, and what else puts files into a container.
  @Suite struct MountTests {
    struct Fact: CustomTestStringConvertible, Sendable {
      var flags: [String]
      var script: String
      var output: String
      var testDescription: String { flags.joined(separator: " ") }
    }

    /// `DIR` is a directory with `f` (7 bytes: `from me`), `sub/g` and a link `out` to /etc.
    static let facts = [
      Fact(
        flags: ["--mount", "type=bind,src=DIR,dst=/d,ro=true"],
        script: "cat /d/f; touch /d/x 2>/dev/null || echo refused", output: "from merefused"),
      Fact(
        flags: ["--mount", "type=bind,source=DIR,target=/d,subpath=sub"], script: "ls /d",
        output: "g"),
      Fact(
        flags: ["--mount", "type=glob,src=DIR/*b,dst=/d"], script: "ls /d; ls /d/sub",
        output: "sub\ng"),
      Fact(
        flags: ["--mount", "type=glob,src=DIR/*b,ro", "-w", "DIR"], script: "ls; ls sub",
        output: "sub\ng"),
      Fact(
        flags: ["--mount", "type=tmpfs,dst=/d,tmpfs-size=1m,tmpfs-mode=1750"],
        script: "stat -c '%a' /d; grep -c ' /d tmpfs.*size=1024k' /proc/mounts", output: "1750\n1"),
      Fact(
        flags: ["--mount", "type=ramfs,dst=/d"], script: "grep -c ' /d ramfs' /proc/mounts",
        output: "1"),
      Fact(
        flags: ["--mount", "type=devpts,dst=/d"], script: "grep -c ' /d devpts' /proc/mounts",
        output: "1"),
      Fact(
        flags: ["--mount", "type=image,src=IMAGE,dst=/d"],
        script: "test -x /d/bin/sh && touch /d/x 2>/dev/null || echo read-only",
        output: "read-only"),
      Fact(
        flags: ["--mount", "type=image,src=IMAGE,dst=/d,rw=true"],
        script: "touch /d/x && ls /d/x", output: "/d/x"),
      Fact(
        flags: ["--mount", "type=image,src=IMAGE,dst=/d,subpath=etc"],
        script: "test -f /d/passwd && echo there", output: "there"),
      Fact(flags: ["-v", "DIR:/d:O"], script: "rm /d/f; touch /d/n; ls /d", output: "n\nout\nsub"),
      Fact(
        flags: ["-v", "DIR:/d:z,ro,noexec,nosuid,rslave"], script: "cat /d/f", output: "from me"),
      Fact(flags: ["-v", "DIR:/d:rro"], script: "touch /d/x 2>/dev/null || echo no", output: "no"),
      Fact(
        flags: ["-u", "5:6", "-v", "DIR/sub:/d:U"], script: "stat -c %u:%g /d /d/g; touch /d/x",
        output: "5:6\n5:6"),
      Fact(
        flags: ["--tmpfs", "/d:rw,size=1m,mode=711,noexec"],
        script: "stat -c %a /d; grep ' /d ' /proc/mounts | grep -c noexec", output: "711\n1"),
      Fact(
        flags: ["--read-only", "--read-only-tmpfs=false"],
        script: "touch /tmp/x 2>/dev/null || echo no", output: "no"),
      Fact(flags: ["--read-only"], script: "touch /tmp/x && echo yes", output: "yes"),
      Fact(
        flags: ["--device", "/dev/null:/dev/mine:rw"],
        script: "echo x > /dev/mine && test -c /dev/mine && echo device", output: "device"),
    ]

    @Test(arguments: facts) func mounts(_ fact: Fact) throws {
      try Session.run { session in
        try session.shell(
          "mkdir -p d/sub; printf 'from me' > d/f; echo x > d/sub/g; ln -s /etc d/out")
        let flags = fact.flags.map {
          $0.replacing("DIR", with: session.directory + "/d").replacing(
            "IMAGE", with: Session.image)
        }
        let result = try session.martlet(
          ["run", "--rm", "--network", "none"] + flags + [Session.image, "sh", "-c", fact.script])
        #expect(result.output == fact.output, "\(result.transcript)")
        // Overlays leave the directory as it was; U changed an owner.
        #expect(FileManager.default.fileExists(atPath: session.directory + "/d/f"))
        try session.martlet("unshare", "chown", "-R", "0:0", session.directory + "/d")
      }
    }

    @Test(arguments: [
      "type=nfs,dst=/d", "type=tmpfs,src=/x,dst=/d,uid=1", "type=bind,dst=/d",
      "type=bind,src=/absent,dst=/d", "type=image,src=absent-image,dst=/d", "type=tmpfs",
      "type=glob,src=/absent/*,dst=/d", "type=bind,src=/,dst=/d,ro=maybe",
      "type=bind,src=/,dst=/d,idmap", "type=bind,src=DIR/d,dst=/d,subpath=out/absent",
    ])
    func refusesWhatItCannotMean(mount: String) throws {
      try Session.run { session in
        try session.shell("mkdir d; ln -s /usr d/out")
        try session.martlet(
          "run", "--rm", "--network", "none", "--mount",
          mount.replacing("DIR", with: session.directory), Session.image, "true", exit: 125)
      }
    }

    @Test func takesVolumesFromAnotherContainer() throws {
      try Session.run { session in
        try session.tool("mkdir", "host")
        try session.martlet(
          "run", "--network", "none", "--name", "first", "-v", "/data", "-v",
          "\(session.directory)/host:/host", Session.image, "sh", "-c",
          "echo x > /data/f; echo y > /host/g")
        let seen = try session.martlet(
          "run", "--rm", "--network", "none", "--volumes-from", "first:ro", Session.image, "sh",
          "-c", "cat /data/f /host/g; touch /data/x 2>/dev/null || echo read-only")
        #expect(seen.output == "x\ny\nread-only")
        try session.martlet("rm", "-v", "first")
      }
    }

    @Test func keepsARootDirectoryThatIsAnOverlay() throws {
      try Session.run { session in
        try session.shell(
          "mkdir root; $MARTLET create --network none --name c \(Session.image) true; "
            + "$MARTLET export c | tar -x -C root")
        let result = try session.martlet(
          "run", "--rm", "--network", "none", "--rootfs", "\(session.directory)/root:O", "sh", "-c",
          "touch /new; ls /new")
        #expect(result.output == "/new")
        #expect(!FileManager.default.fileExists(atPath: session.directory + "/root/new"))
      }
    }

    @Test func givesDevicesThatADescriptionNames() throws {
      try Session.run { session in
        try session.shell("mkdir -p cfg/cdi")
        _ = try session.write(
          """
          {"cdiVersion":"0.6.0","kind":"example.com/class","containerEdits":{"env":["ALL=1"]},
           "devices":[{"name":"one","containerEdits":{"env":["ONE=2"],
            "deviceNodes":[{"path":"/dev/example","hostPath":"/dev/zero"}],
            "mounts":[{"hostPath":"\(session.directory)","containerPath":"/cdi",
                       "options":["ro","bind"]}]}}]}
          """, to: "cfg/cdi/example.json")
        let result = try session.martlet(
          "run", "--rm", "--network", "none", "--device", "example.com/class=one", Session.image,
          "sh", "-c", "echo $ALL $ONE; test -c /dev/example && ls -d /cdi/cfg",
          environment: ["XDG_CONFIG_HOME": session.directory + "/cfg"])
        #expect(result.output == "1 2\n/cdi/cfg")
        try session.martlet(
          "run", "--rm", "--network", "none", "--gpus", "all", Session.image, "true", exit: 125)
      }
    }
  }
}
