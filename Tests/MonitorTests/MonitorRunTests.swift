import LinuxSystem
import Model
import Testing

@Suite(.serialized) struct MonitorRunTests {
  @Test(arguments: [
    ("exit 0", 0, 0), ("exit 7", 7, 0), ("kill -9 $$", 137, 9), ("exit 255", 255, 0),
  ])
  func tellsHowTheContainerEnded(script: String, code: Int32, signal: UInt8) throws {
    let fixture = try MonitorFixture(initScript: script)
    try fixture.launch()
    try fixture.finish()
    #expect(fixture.exit == .init(code: code, signal: signal))
    let record = try #require(fixture.exitRecord)
    #expect(record.code == code)
    #expect(record.signal == (signal == 0 ? nil : Int32(signal)))
    #expect(record.started > 0 && record.finished >= record.started)
    #expect(fixture.liveRecord?.status == .exited)
    #expect(fixture.liveRecord?.code == code)
  }

  @Test func runsTheStepsInOrder() throws {
    let fixture = try MonitorFixture(initScript: "echo out; echo err >&2; printf tail")
    try fixture.launch()
    try fixture.finish()
    #expect(fixture.calls == ["create", "start", "delete"])
    #expect(fixture.output.asText == "out\ntail")
    #expect(fixture.errors.asText == "err\n")
    #expect(
      Set(fixture.logRecords()) == ["stdout F out", "stderr F err", "stdout P tail"])
    guard case .created = fixture.frames.first, case .exit = fixture.frames.last else {
      Issue.record("wrong order: \(fixture.frames)")
      return
    }
  }

  @Test func startsByOneCallOfOurOwnRuntime() throws {
    let fixture = try MonitorFixture(initScript: "echo out; echo err >&2; exit 4")
    try fixture.usesOwnRuntime()
    try FileTree.write("\(fixture.directory)/bundle/warn", "2026-01-01T00:00:00Z warning: odd\n")
    try fixture.launch()
    try fixture.finish()
    let calls = fixture.text("calls").split(separator: "\n").map { $0.split(separator: " ") }
    #expect(calls.map(\.first) == ["--log", "delete"])
    #expect(calls.first?.dropFirst(2).prefix(2) == ["run", "--detach"])
    #expect(fixture.output.asText == "out\n")
    let errors = fixture.errors.asText.split(separator: "\n")
    #expect(Set(errors) == ["err", "martlet-oci: warning: odd"])
    #expect(fixture.exit?.code == 4)
    #expect(fixture.exitRecord?.code == 4)
  }

  @Test func passesOnWhyOurOwnRuntimeRefused() throws {
    let fixture = try MonitorFixture(initScript: "echo never")
    try fixture.usesOwnRuntime()
    try FileTree.write(
      "\(fixture.directory)/bundle/refuse",
      "2026-01-01T00:00:00Z error: no such thing\n2026-01-01T00:00:00Z hint: make one\n")
    try fixture.launch()
    try fixture.finish()
    #expect(
      fixture.failure
        == ErrorReport(.unavailable, "martlet-oci: no such thing", hint: "make one"))
    #expect(fixture.output.isEmpty && fixture.errors.isEmpty)
  }

  /// Only what can start at once: a terminal is taken over, and a start may be awaited, in between.
  @Test func createsFirstWhatIsStartedLater() throws {
    let fixture = try MonitorFixture(initScript: "echo started")
    try fixture.usesOwnRuntime()
    fixture.order.startsNow = false
    try fixture.launch()
    try fixture.wait { if case .created = $0 { true } else { false } }
    try fixture.send(.start)
    try fixture.finish()
    #expect(fixture.calls == ["create", "start", "delete"])
    #expect(fixture.output.asText == "started\n")
  }

  @Test func waitsForAStartFrame() throws {
    let fixture = try MonitorFixture(initScript: "echo started")
    fixture.order.startsNow = false
    try fixture.launch()
    try fixture.wait { if case .created = $0 { true } else { false } }
    #expect(fixture.liveRecord?.status == .created)
    #expect(!fixture.text("calls").contains("start"))
    try fixture.send(.start)
    try fixture.finish()
    #expect(fixture.output.asText == "started\n")
    #expect(fixture.exit?.code == 0)
  }

  @Test func passesInputOnToItsEnd() throws {
    let fixture = try MonitorFixture(initScript: "wc -c; echo done")
    fixture.order.keepsStandardInput = true
    try fixture.launch()
    try fixture.wait { if case .started = $0 { true } else { false } }
    let piece = [UInt8](repeating: 0x00, count: 50_000)
    for _ in 0..<20 { try fixture.send(.standardInput(piece)) }
    try fixture.send(.standardInputEnd)
    try fixture.finish()
    #expect(fixture.output.asText == "1000000\ndone\n")
  }

  @Test func inputEndsWithTheClientWhenItIsForOneClient() throws {
    let fixture = try MonitorFixture(initScript: "cat; echo end > \"${0%/*}/../data/seen\"")
    fixture.order.keepsStandardInput = true
    fixture.order.standardInputOnce = true
    try fixture.launch()
    try fixture.wait { if case .started = $0 { true } else { false } }
    fixture.closeSync()
    try fixture.waitForMonitor()
    #expect(fixture.text("data/seen") == "end\n")
  }

  @Test func closedInputIsNull() throws {
    let fixture = try MonitorFixture(initScript: "readlink /proc/self/fd/0; cat | wc -c")
    try fixture.launch()
    try fixture.finish()
    #expect(fixture.output.asText == "/dev/null\n0\n")
  }

  @Test func binaryDataPassesUnchanged() throws {
    let fixture = try MonitorFixture(initScript: "cat")
    fixture.order.keepsStandardInput = true
    try fixture.launch()
    let bytes = (0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 3) }
    try fixture.send(.standardInput(bytes))
    try fixture.send(.standardInputEnd)
    try fixture.finish()
    #expect(fixture.output == bytes)
  }

  @Test func aBurstArrivesWholeAtASlowClient() throws {
    let fixture = try MonitorFixture(initScript: "head -c 10000000 /dev/zero | tr '\\0' x; echo")
    try fixture.launch()
    try fixture.wait { if case .started = $0 { true } else { false } }
    // The client reads nothing until the container waits for it with full pipes.
    try Self.waitUntilAsleep(fixture.monitorID)
    try fixture.finish()
    #expect(fixture.output.count == 10_000_001)
    #expect(fixture.output.dropLast().allSatisfy { $0 == UInt8(ascii: "x") })
  }

  /// Waits until a process has slept through ten looks in a row.
  static func waitUntilAsleep(_ pid: Int32) throws {
    var looks = 0
    while looks < 10 {
      let stat = try FileTree.readText("/proc/\(pid)/stat")
      let state = stat.split(separator: " ")[2]
      try #require(state != "Z", "it has ended")
      looks = state == "S" ? looks + 1 : 0
      _ = try Program("/bin/sleep", ["0.01"]).start().wait()
    }
  }

  @Test func theRuntimesWordsAreTheFailure() throws {
    let fixture = try MonitorFixture(initScript: "")
    try FileTree.write(
      "\(fixture.directory)/bundle/refuse",
      "executable file `nope` not found in $PATH: No such file or directory\n")
    try fixture.launch()
    try fixture.finish()
    #expect(fixture.failure?.kind == .commandNotFound)
    #expect(
      fixture.failure?.message
        == "runtime: executable file `nope` not found in $PATH: No such file or directory")
    #expect(fixture.exit?.code == 127)
    #expect(fixture.exitRecord?.code == 127)
    #expect(fixture.text("calls").contains("delete --force test"))
    #expect(fixture.logRecords() == [])
  }

  @Test func aFailedStartIsAFailure() throws {
    let fixture = try MonitorFixture(initScript: "")
    try FileTree.write("\(fixture.directory)/bundle/refuse-start", "")
    try fixture.launch()
    try fixture.finish()
    #expect(fixture.failure?.message == "runtime: exec: no start")
    #expect(fixture.exit?.code == 125)
    let pid = try #require(Int32(fixture.text("run/pidfile").prefix { $0.isNumber }))
    #expect(!FileTree.exists("/proc/\(pid)"), "the init that never started is left")
  }

  @Test func aMissingRuntimeIsAFailure() throws {
    let fixture = try MonitorFixture(initScript: "")
    fixture.order.runtime = "/nowhere/runtime"
    try fixture.launch()
    try fixture.finish()
    #expect(
      fixture.failure?.message
        == "run the runtime: execve /nowhere/runtime: no such file or directory")
    #expect(fixture.exit?.code == 125)
  }

  /// Our own runtime is in the monitor's program: what would be its file is not looked for.
  @Test func aLinkedRuntimeNeedsNoProgram() throws {
    let fixture = try MonitorFixture(initScript: "")
    fixture.order.runtime = "/nowhere/martlet-oci"
    fixture.order.runtimeArguments = ["--root", "\(fixture.directory)/oci"]
    fixture.order.runtimeIsLinked = true
    try FileTree.write("\(fixture.directory)/bundle/config.json", "{}")
    try fixture.launch()
    try fixture.finish()
    #expect(fixture.failure?.message.contains("ociVersion") == true, "\(fixture.failure as Any)")
    #expect(fixture.exit?.code == 125)
  }

  @Test func anOrderWithoutRunDirectoryIsAFailure() throws {
    let fixture = try MonitorFixture(initScript: "")
    fixture.order.runDirectory = "/nowhere/at/all"
    try fixture.launch()
    try fixture.finish()
    #expect(fixture.failure?.message.hasPrefix("open the run directory: ") == true)
    #expect(fixture.exit?.code == 125)
  }

  @Test func childrenOfTheContainerAreReaped() throws {
    let script =
      "for i in 1 2 3; do (sh -c 'sleep 0.05 & echo $!' &) ; done; sleep 0.3; exec sleep 60"
    let fixture = try MonitorFixture(initScript: script)
    try fixture.launch()
    var lines = 0
    try fixture.wait { frame in
      if case .standardOutput(let bytes) = frame { lines += bytes.count { $0 == 0x0A } }
      return lines == 3
    }
    let pids = fixture.output.asText.split(separator: "\n").compactMap { Int32($0) }
    for pid in pids {
      let ended = try MonitorFixture.hasEnded(pid)
      #expect(ended)
    }
    try Self.waitUntilAsleep(fixture.monitorID)
    for pid in pids { #expect(!FileTree.exists("/proc/\(pid)"), "\(pid) is a zombie") }
    try fixture.send(.signal(9))
    try fixture.finish()
    #expect(fixture.exit?.code == 137)
  }

  @Test func descriptorsOfTheMonitorDoNotReachTheContainer() throws {
    let fixture = try MonitorFixture(initScript: "exec ls -l /proc/self/fd")
    try fixture.launch()
    try fixture.finish()
    let lines = fixture.output.asText.split(separator: "\n").filter { $0.contains("->") }
    // ls has the directory itself open as well.
    #expect(lines.count == 4)
    #expect(lines.allSatisfy { !$0.contains("socket") && !$0.contains("lock") })
  }
}
