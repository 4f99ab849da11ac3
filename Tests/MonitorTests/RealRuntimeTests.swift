import LinuxSystem
import Model
import Testing

/// The monitor with crun, in a user namespace of the tests' user.
@Suite(.serialized) struct RealRuntimeTests {
  static let crun = Program.find("crun", in: Program.systemDirectories)
  static let busybox = "/bin/busybox"

  static var canRun: Bool {
    guard crun != nil, FileTree.exists("/sys/fs/cgroup/cgroup.controllers"),
      let file = try? OwnedDescriptor.open(busybox),
      let start = try? Descriptor.read(file.raw, upTo: 4_096),
      // A static program names no interpreter.
      !String(decoding: start, as: UTF8.self).contains("ld-linux")
    else { return false }
    return (try? Program("/usr/bin/unshare", ["-Ur", "true"]).start().wait()) == .exited(0)
  }

  private func fixture(_ arguments: [String], terminal: Bool) throws -> MonitorFixture {
    let fixture = try MonitorFixture(initScript: "")
    let bundle = "\(fixture.directory)/bundle"
    for part in ["bin", "proc", "dev"] {
      try FileTree.ensureDirectory("\(bundle)/rootfs/\(part)", mode: 0o755)
    }
    try FileTree.write("\(bundle)/rootfs/bin/busybox", "", mode: 0o755)
    let copy = try Program("/bin/cp", [Self.busybox, "\(bundle)/rootfs/bin/busybox"]).start().wait()
    #expect(copy == .exited(0))
    let words = arguments.map { "\"\($0)\"" }.joined(separator: ",")
    try FileTree.write(
      "\(bundle)/config.json",
      """
      {"ociVersion":"1.0.2","process":{"terminal":\(terminal),"user":{"uid":0,"gid":0},
      "args":[\(words)],"env":["PATH=/bin"],"cwd":"/"},"root":{"path":"rootfs"},
      "mounts":[{"destination":"/proc","type":"proc","source":"proc"},
      {"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["mode=755"]},
      {"destination":"/dev/pts","type":"devpts","source":"devpts","options":["newinstance"]}],
      "linux":{"namespaces":[{"type":"pid"},{"type":"mount"},{"type":"ipc"},{"type":"uts"},
      {"type":"user"}],
      "uidMappings":[{"containerID":0,"hostID":\(CurrentProcess.effectiveUser),"size":1}],
      "gidMappings":[{"containerID":0,"hostID":\(CurrentProcess.effectiveGroup),"size":1}]}}
      """)
    fixture.order.id = "martlet-\(fixture.directory.suffix(10))"
    fixture.order.runtime = Self.crun ?? ""
    fixture.order.runtimeArguments = [
      "--root", "\(fixture.directory)/crun", "--cgroup-manager", "disabled",
    ]
    fixture.order.terminal = terminal
    fixture.order.keepsStandardInput = true
    return fixture
  }

  @Test(.enabled(if: canRun, "needs crun, cgroup v2, a static busybox and user namespaces"))
  func pipesAndExitCode() throws {
    let fixture = try fixture(
      ["/bin/busybox", "sh", "-c", "cat; echo err >&2; ls /proc/self/fd | wc -w; exit 3"],
      terminal: false)
    try fixture.launch()
    try fixture.send(.standardInput(Array("hello\n".utf8)))
    try fixture.send(.standardInputEnd)
    try fixture.finish()
    // 0 to 2 and the directory that ls reads.
    #expect(fixture.output.asText == "hello\n4\n", "\(fixture.failure?.message ?? "")")
    #expect(fixture.errors.asText == "err\n")
    #expect(fixture.exit?.code == 3)
    #expect(try FileTree.list("\(fixture.directory)/crun") == [])
  }

  @Test(.enabled(if: canRun, "needs crun, cgroup v2, a static busybox and user namespaces"))
  func aTerminalHasItsSizeAndItsEnd() throws {
    let fixture = try fixture(
      ["/bin/busybox", "sh", "-c", "stty size; tty; read x; stty size; cat; exit 6"],
      terminal: true)
    fixture.order.windowSize = WindowSize(rows: 31, columns: 77)
    try fixture.launch()
    try fixture.wait { _ in fixture.output.asText.contains("/dev/pts/0") }
    #expect(fixture.output.asText.hasPrefix("31 77\r\n/dev/pts/0"))
    try fixture.send(.resize(WindowSize(rows: 40, columns: 100)))
    try fixture.send(.standardInput([0x0A]))
    try fixture.wait { _ in fixture.output.asText.contains("40 100") }
    try fixture.send(.standardInputEnd)
    try fixture.finish()
    #expect(fixture.exit?.code == 6)
    #expect(fixture.logRecords().contains { $0.hasPrefix("stdout F 40 100") })
  }

  @Test(.enabled(if: canRun, "needs crun, cgroup v2, a static busybox and user namespaces"))
  func whatCannotBeRunIsClassified() throws {
    for (path, code, kind) in [
      ("/bin/nope", 127, ErrorReport.Kind.commandNotFound), ("/proc", 126, .commandNotExecutable),
    ] {
      for terminal in [false, true] {
        let fixture = try fixture([path], terminal: terminal)
        try fixture.launch()
        try fixture.finish()
        #expect(fixture.failure?.kind == kind, "\(fixture.failure?.message ?? "none")")
        #expect(fixture.exit?.code == Int32(code))
      }
    }
  }
}
