import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// F12, F13: a disk that is full, has no inodes left or may not be written to.
  @Suite(
    .enabled(if: Machine.current?.isPeer == false, "compares Martlet's own words"),
    .enabled(if: Machine.runtime == nil, "no matter which runtime"),
    .enabled(if: Surroundings.areAvailable, "unshare(1) cannot make mounts for tests here"))
  struct DiskTests {
    /// A small disk with the demo image in it, and a shell function that leaves no byte free.
    private static func disk(_ options: String) -> Surroundings {
      Surroundings(
        .root,
        [
          "mkdir -p disk", "mount -t tmpfs -o \(options) tmpfs disk",
          "export XDG_DATA_HOME=$D/disk",
          "fill() { dd if=/dev/zero of=disk/ballast bs=64k 2>/dev/null; "
            + "dd if=/dev/zero of=disk/ballast2 bs=512 2>/dev/null; true; }",
          "full() { ! echo something 2>/dev/null >disk/probe; }",
        ])
    }

    /// Ends with a disk that says what `words` say, each command's exit code before it.
    private func check(
      _ options: String, _ lines: [String], output: [String], says words: [String]
    ) throws {
      try Session.run { session in
        let archive = try session.home.demoArchive()
        let result = try session.script(
          lines.joined(separator: "\n").replacing("ARCHIVE", with: archive)
            .replacing("IMAGE", with: Session.image), in: Self.disk(options))
        #expect(result.lines == output, "\(result.transcript)")
        for word in words {
          #expect(result.standardError.contains(word), "\(result.transcript)")
        }
      }
    }

    @Test func aLoadThatDoesNotFitLeavesTheSpaceThatItTook() throws {
      try check(
        "size=1m",
        [
          "\"$M\" images -q; before=$(df --output=used disk | tail -1)",
          "\"$M\" load -i ARCHIVE; echo $?", "\"$M\" images -q; \"$M\" system prune -f >/dev/null",
          "after=$(df --output=used disk | tail -1); echo $((after - before < 64))",
        ],
        output: ["125", "1"], says: ["no space left on device", "/disk/martlet"])
    }

    @Test func deletionNeedsNoSpace() throws {
      try check(
        "size=24m",
        [
          "\"$M\" load -q -i ARCHIVE >/dev/null; echo $?",
          "\"$M\" create --name one IMAGE true >/dev/null; echo $?",
          "\"$M\" run -d --name two --network none IMAGE sleep 300 >/dev/null; echo $?",
          "fill; full; echo full $?",
          "\"$M\" create --name three IMAGE true; echo create $?",
          "\"$M\" run --name four --network none IMAGE true; echo run $?",
          "\"$M\" load -i ARCHIVE >/dev/null; echo load $?",
          "\"$M\" ps -a --format '{{.Names}}' | sort",
          "\"$M\" exec two true; echo exec $?",
          "fill; full; echo full $?",
          "\"$M\" stop -t 0 two; echo stop $?",
          "\"$M\" rm one; echo rm $?",
          "\"$M\" rm -f two; echo rm -f $?",
          "fill; full; echo full $?",
          "\"$M\" rmi IMAGE >/dev/null; echo rmi $?",
          "\"$M\" ps -aq; \"$M\" images -q",
          "rm disk/ballast*; \"$M\" load -q -i ARCHIVE >/dev/null; echo load $?",
          "\"$M\" run --rm --network none IMAGE true; echo run $?",
        ],
        output: [
          "0", "0", "0", "full 0", "create 125", "run 125", "load 125", "one", "two", "exec 0",
          "full 0", "two", "stop 0", "one", "rm 0", "two", "rm -f 0", "full 0", "rmi 0", "load 0",
          "run 0",
        ], says: ["no space left on device", "/disk/martlet/"])
    }

    @Test func withoutInodesNothingIsHalfMade() throws {
      try check(
        "size=64m,nr_inodes=600",
        [
          "\"$M\" load -q -i ARCHIVE >/dev/null; echo $?",
          "\"$M\" create --name one IMAGE true >/dev/null; echo $?",
          "mkdir disk/many; cd disk/many; seq 600 | xargs touch 2>/dev/null; cd \"$D\"",
          "\"$M\" create --name two IMAGE true; echo create $?",
          "\"$M\" ps -a --format '{{.Names}}'", "\"$M\" rm one; echo rm $?",
          "\"$M\" rmi IMAGE >/dev/null; echo rmi $?",
        ],
        output: ["0", "0", "create 125", "one", "one", "rm 0", "rmi 0"],
        says: ["no space left on device"])
    }

    @Test func aReadOnlyDiskCanBeLookedAt() throws {
      try check(
        "size=64m",
        [
          "\"$M\" load -q -i ARCHIVE >/dev/null; echo $?",
          "\"$M\" create --name one IMAGE true >/dev/null; echo $?",
          "mount -o remount,ro disk",
          "\"$M\" ps -a --format '{{.Names}}'", "\"$M\" images -q | wc -l",
          "\"$M\" inspect -f '{{.State.Status}}' one",
          "\"$M\" create --name two IMAGE true; echo create $?",
          "\"$M\" start one; echo start $?",
          "\"$M\" rm one; echo rm $?",
          "\"$M\" load -i ARCHIVE; echo load $?",
          "mount -o remount,rw disk", "\"$M\" rm one; echo rm $?",
        ],
        output: [
          "0", "0", "one", "1", "created", "create 125", "start 125", "rm 125", "load 125", "one",
          "rm 0",
        ], says: ["read-only file system", "/disk/martlet"])
    }
  }

  /// F08: the directory of live state is emptied while a container runs.
  @Suite(.enabled(if: Machine.current?.isPeer == false, "needs Martlet's own directories"))
  struct WipedRuntimeDirectoryTests {
    private func wipe(_ session: Session) throws {
      try session.tool("sh", "-c", "find \"$XDG_RUNTIME_DIR\" -mindepth 1 -delete")
    }

    @Test func aContainerCanStillBeRemoved() throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "lost")
        try wipe(session)
        #expect(try session.martlet("ps", "-a", "--format", "{{.Names}}").output == "lost")
        try session.martlet("rm", "-f", "-t", "0", "lost")
        #expect(try session.martlet("ps", "-aq").output == "")
        try session.martlet("run", "--rm", "--network", "none", Session.image, "true")
      }
    }

    @Test func aContainerCanStillBeStoppedAndStarted() throws {
      try Session.run { session in
        _ = try session.startSleeper(name: "lost")
        try wipe(session)
        try session.martlet("stop", "-t", "0", "lost")
        #expect(try session.inspect("lost", "{{.State.Status}}") == "exited")
        try session.martlet("start", "lost")
        #expect(try session.inspect("lost", "{{.State.Status}}") == "running")
        try session.martlet("rm", "-f", "-t", "0", "lost")
      }
    }

    @Test func aContainerThatEndsLeavesNothing() throws {
      try Session.run { session in
        try session.martlet(
          "run", "-d", "--rm", "--network", "none", "--name", "lost", Session.image, "sleep", "2")
        try wipe(session)
        #expect(try Poll.until { try session.martlet("ps", "-aq").output == "" })
      }
    }
  }
}
