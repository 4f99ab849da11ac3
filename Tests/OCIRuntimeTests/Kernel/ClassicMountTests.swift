import LinuxSystem
import OCISpec
import Synchronization
import Testing

/// The runtime on a kernel that knows no mounts by descriptor: a filter on a thread, which the
/// program that it starts inherits, answers those calls with ENOSYS.
@Suite(.enabled(if: RuntimeUnderTest.isUsable && !RuntimeUnderTest.isReference))
struct ClassicMountTests {
  /// BPF: the numbers from 428 (open_tree) to 433 (fspick), and 442 (mount_setattr).
  private static let filter: [UInt8] = {
    let code: [(UInt16, UInt8, UInt8, UInt32)] = [
      (0x20, 0, 0, 0),  // the call's number
      (0x35, 0, 3, 428),  // below 428: allow
      (0x25, 0, 1, 433),  // up to 433: refuse
      (0x15, 0, 1, 442),  // 442: refuse
      (0x06, 0, 0, 0x0005_0000 | 38),  // SECCOMP_RET_ERRNO, ENOSYS
      (0x06, 0, 0, 0x7FFF_0000),  // SECCOMP_RET_ALLOW
    ]
    return code.flatMap { (code, yes, no, value) -> [UInt8] in
      [UInt8(truncatingIfNeeded: code), UInt8(code >> 8), yes, no]
        + [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
    }
  }()

  private func withoutTheCalls(_ body: @escaping @Sendable () throws -> CommandOutcome) throws
    -> CommandOutcome
  {
    let result = Mutex<Result<CommandOutcome, any Error>?>(nil)
    let thread = try WorkerThread {
      let outcome = Result {
        try SystemCallFilter.install(Self.filter)
        return try body()
      }
      result.withLock { $0 = outcome }
    }
    thread.join()
    return try #require(result.withLock { $0 }).get()
  }

  @Test func containersRun() throws {
    let bundle = try TestBundle()
    try FileTree.ensureDirectory("\(bundle.directory)/shared/inner", mode: 0o755)
    try FileTree.write("\(bundle.directory)/shared/file", "shared\n", mode: 0o644)
    try FileTree.ensureDirectory("\(bundle.rootfs)/copied", mode: 0o755)
    try FileTree.write("\(bundle.rootfs)/copied/below", "below\n", mode: 0o644)
    bundle.spec.root?.readonly = true
    bundle.spec.mounts += [
      RuntimeMount(
        destination: "/data", type: "bind", source: "\(bundle.directory)/shared",
        options: ["rbind", "ro", "nosuid"]),
      RuntimeMount(
        destination: "/etc/file", type: "bind", source: "\(bundle.directory)/shared/file",
        options: ["bind"]),
      RuntimeMount(
        destination: "/copied", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup", "noexec"]),
    ]
    bundle.shell(
      """
      cat /data/file /etc/file /copied/below
      echo x 2>/dev/null >/data/new || echo refused
      echo x 2>/dev/null >/new || echo sealed
      echo x >/copied/new && echo written
      cat /proc/self/mountinfo | while read -r a b c d place options rest; do
        case $place in /data|/copied|/dev|/proc/tty) echo $place $options;; esac
      done
      ls /proc/1/task >/dev/null && ls -d /dev/null /dev/pts/ptmx /dev/shm
      cat /proc/kcore | head -c 1; echo end
      """)
    // The configuration is written here; the thread only starts the program.
    _ = try bundle.oci(["--version"])
    let (runtime, id, directory) = (RuntimeUnderTest.path ?? "", bundle.id, bundle.directory)
    let outcome = try withoutTheCalls {
      try CommandRunner.run(
        runtime, ["--root", "\(directory)/state", "run", "--bundle", directory, id],
        in: directory)
    }
    #expect(outcome.status == 0, "\(outcome.errors)")
    let lines = outcome.output.split(separator: "\n").map(String.init)
    #expect(
      Array(lines.prefix(6)) == ["shared", "shared", "below", "refused", "sealed", "written"])
    #expect(lines.contains { $0.hasPrefix("/data ro,nosuid") }, "\(lines)")
    #expect(lines.contains { $0.hasPrefix("/copied rw,") && $0.contains("noexec") }, "\(lines)")
    #expect(!lines.contains { $0.hasPrefix("/proc/tty") })
    #expect(lines.contains("/dev/null"))
    #expect(lines.last == "end")
    // Nothing of it stays on the host.
    #expect(try !FileTree.readText("/proc/self/mountinfo").contains("martlet"))
  }

  @Test func idMappedMountsAreRefusedByName() throws {
    let bundle = try TestBundle()
    var mount = RuntimeMount(
      destination: "/data", type: "bind", source: "/tmp", options: ["bind"])
    mount.uidMappings = [RuntimeIDMapping(containerID: 0, hostID: 1_000, size: 1)]
    mount.gidMappings = mount.uidMappings
    bundle.spec.mounts.append(mount)
    let index = bundle.spec.mounts.count - 1
    _ = try bundle.oci(["--version"])
    let (runtime, id, directory) = (RuntimeUnderTest.path ?? "", bundle.id, bundle.directory)
    let outcome = try withoutTheCalls {
      try CommandRunner.run(
        runtime, ["--root", "\(directory)/state", "run", "--bundle", directory, id],
        in: directory)
    }
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("mounts[\(index)]"), "\(outcome.errors)")
  }
}
