import LinuxSystem
import Model
import Testing

@Suite(.serialized) struct MonitorFaultTests {
  static func isStarted(_ frame: AttachFrame) -> Bool {
    if case .started = frame { true } else { false }
  }

  // MARK: - Stopping

  @Test func aStopIsTheStopSignalAndThenSIGKILL() throws {
    let fixture = try MonitorFixture(
      initScript: "trap 'echo asked' TERM; echo ready; while :; do sleep 0.01; done")
    try fixture.launch()
    try fixture.wait { _ in fixture.output.asText == "ready\n" }
    try fixture.send(.stop(milliseconds: 300))
    try fixture.wait { _ in fixture.output.asText == "ready\nasked\n" }
    #expect(fixture.liveRecord?.status == .stopping)
    try fixture.finish()
    #expect(fixture.exit == .init(code: 137, signal: 9))
  }

  /// A runtime that has waited for the container's process leaves nobody to wait for.
  @Test func aProcessThatItsRuntimeHasReapedIsNotWaitedFor() throws {
    let fixture = try MonitorFixture(initScript: "exit 4")
    try fixture.usesOwnRuntime()
    try FileTree.write("\(fixture.directory)/bundle/reap", "")
    try fixture.launch()
    try fixture.finish()
    #expect(fixture.failure?.message.contains("its status is lost") == true)
    #expect(fixture.exitRecord?.code == 125)
  }

  @Test func theMonitorPassesItsOwnTerminationOn() throws {
    let fixture = try MonitorFixture(
      initScript: "trap 'exit 5' USR1; echo ready; while :; do sleep 0.01; done")
    fixture.order.stopSignal = 10
    fixture.order.restart = .always
    try fixture.launch()
    try fixture.wait { if case .standardOutput = $0 { true } else { false } }
    try fixture.signal(SignalSet.terminate)
    try fixture.finish()
    #expect(fixture.exit?.code == 5)
    #expect(fixture.exitRecord?.restarts == 0)
  }

  @Test func aContainerThatWasNeverStartedCanBeStopped() throws {
    let fixture = try MonitorFixture(initScript: "echo never")
    fixture.order.startsNow = false
    try fixture.launch()
    try fixture.wait { if case .created = $0 { true } else { false } }
    try fixture.send(.stop(milliseconds: 10_000))
    try fixture.finish()
    #expect(fixture.exit?.code == 137)
    #expect(fixture.output == [])
    #expect(fixture.text("calls").contains("delete --force"))
  }

  @Test func aTimeoutKills() throws {
    let fixture = try MonitorFixture(initScript: "exec sleep 60")
    fixture.order.timeout = 1
    try fixture.launch()
    try fixture.finish()
    #expect(fixture.exit == .init(code: -1, signal: 9))
  }

  // MARK: - Restarting

  @Test func restartsAsOftenAsThePolicySays() throws {
    let fixture = try MonitorFixture(initScript: "echo run >> \"${0%/*}/../data/runs\"; exit 3")
    fixture.order.restart = .onFailure(attempts: 3)
    fixture.order.restartDelay = 1
    try fixture.launch()
    try fixture.wait { if case .exit = $0 { true } else { false } }
    #expect(fixture.exit?.code == 3)
    try fixture.finish()
    try fixture.waitForMonitor()
    #expect(fixture.text("data/runs") == "run\nrun\nrun\nrun\n")
    #expect(fixture.exitRecord?.restarts == 3)
    #expect(fixture.liveRecord?.restarts == 3)
    #expect(fixture.liveRecord?.status == .exited)
  }

  @Test func successEndsAnOnFailurePolicy() throws {
    let script = "d=${0%/*}/../data; echo run >> $d/runs; [ $(wc -l < $d/runs) = 2 ]"
    let fixture = try MonitorFixture(initScript: script)
    fixture.order.restart = .onFailure(attempts: nil)
    fixture.order.restartDelay = 1
    try fixture.launch()
    try fixture.finish()
    #expect(fixture.text("data/runs") == "run\nrun\n")
    #expect(fixture.exitRecord?.code == 0)
  }

  @Test func aStopEndsTheWaitForARestart() throws {
    let fixture = try MonitorFixture(initScript: "exit 1")
    fixture.order.restart = .always
    fixture.order.restartDelay = 3_600_000
    try fixture.launch()
    try fixture.wait { _ in false }
    #expect(fixture.liveRecord?.status == .restarting)
    let client = try fixture.attach([])
    try client.wait { if case .status = $0 { true } else { false } }
    try client.send(.stop(milliseconds: 0))
    try client.wait { _ in false }
    try fixture.waitForMonitor()
    #expect(fixture.liveRecord?.status == .exited)
    #expect(fixture.liveRecord?.code == 1)
  }

  // MARK: - Clients

  @Test func anotherClientSeesTheStateAndTheRest() throws {
    let fixture = try MonitorFixture(initScript: "echo first; read x; echo got $x; read y; exit 4")
    fixture.order.keepsStandardInput = true
    try fixture.launch()
    try fixture.wait(for: Self.isStarted)
    while fixture.output.isEmpty { try fixture.wait { _ in true } }
    let client = try fixture.attach([.standardInput, .standardOutput])
    let answer = try client.wait { if case .status = $0 { true } else { false } }
    guard case .status(let record) = answer else { return }
    #expect(LiveRecord(record)?.status == .running)
    try client.send(.standardInput(Array("hello\nbye\n".utf8)))
    try client.wait { _ in false }
    #expect(client.output.asText == "got hello\n")
    #expect(client.frames.last == .exit(.init(code: 4)))
    try fixture.finish()
    #expect(fixture.output.asText == "first\ngot hello\n")
  }

  @Test func aStrangersSlownessCostsOnlyItself() throws {
    let fixture = try MonitorFixture(initScript: "read x; head -c 3000000 /dev/zero; exit 0")
    fixture.order.keepsStandardInput = true
    try fixture.launch()
    try fixture.wait(for: Self.isStarted)
    let slow = try fixture.attach([.standardOutput])
    try slow.wait { if case .status = $0 { true } else { false } }
    try fixture.send(.standardInput([0x0A]))
    try fixture.wait { if case .exit = $0 { true } else { false } }
    #expect(fixture.output.count == 3_000_000)
    try slow.wait { _ in false }
    var lost = 0
    for case .lost(let bytes) in slow.frames { lost += Int(bytes) }
    #expect(lost > 0)
    #expect(slow.output.count + lost == 3_000_000)
    #expect(slow.frames.contains(.exit(.init(code: 0))))
  }

  @Test(
    arguments: [[0xFF], [0x02, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF], [0x43, 0, 0, 0, 0, 0, 0, 0]]
      as [[UInt8]])
  func nonsenseFromAClientEndsOnlyThatClient(bytes: [UInt8]) throws {
    let fixture = try MonitorFixture(initScript: "read x; echo alive")
    fixture.order.keepsStandardInput = true
    try fixture.launch()
    try fixture.wait(for: Self.isStarted)
    let socket = try UnixSocket.connect(path: "\(fixture.directory)/run/attach")
    try Descriptor.writeAll(socket.raw, bytes + [UInt8](repeating: 0xFF, count: 8))
    #expect(try Descriptor.read(socket.raw, upTo: 10) == [])
    try fixture.send(.standardInput([0x0A]))
    try fixture.finish()
    #expect(fixture.output.asText == "alive\n")
  }

  @Test func theContainerOutlivesItsClients() throws {
    let fixture = try MonitorFixture(
      initScript: "head -c 400000 /dev/zero; echo end > \"${0%/*}/../data/end\"; exit 9")
    try fixture.launch()
    try fixture.wait(for: Self.isStarted)
    fixture.closeSync()
    try fixture.waitForMonitor()
    #expect(fixture.text("data/end") == "end\n")
    #expect(fixture.exitRecord?.code == 9)
  }

  @Test func aKilledMonitorLeavesATruthfulState() throws {
    let fixture = try MonitorFixture(initScript: "exec sleep 60")
    try fixture.launch()
    try fixture.wait(for: Self.isStarted)
    #expect(try FileLock.isHeld("\(fixture.directory)/run/monitor.lock"))
    try fixture.kill()
    #expect(try !FileLock.isHeld("\(fixture.directory)/run/monitor.lock"))
    let live = try #require(fixture.liveRecord)
    let pid = try #require(live.pid)
    #expect(live.status == .running)
    #expect(ProcessHandle.startTime(pid) == live.startTime, "the container is gone as well")
    _ = try ProcessHandle.find(pid)?.kill(9)
  }

  // MARK: - Logs

  @Test func aFullDiskNeverStopsTheContainer() throws {
    let fixture = try MonitorFixture(
      initScript: "for i in 1 2 3; do echo line $i; done; read x; echo last")
    fixture.order.keepsStandardInput = true
    fixture.order.log.path = "/dev/full"
    try fixture.launch()
    try fixture.wait { _ in fixture.output.asText.contains("line 3") }
    try fixture.send(.standardInput([0x0A]))
    try fixture.finish()
    #expect(fixture.output.asText == "line 1\nline 2\nline 3\nlast\n")
    #expect(fixture.exit?.code == 0)
  }

  @Test func anExitRecordWithoutRoomStaysInTheLiveRecord() throws {
    let fixture = try MonitorFixture(initScript: "exit 6")
    fixture.order.exitRecord = "\(fixture.directory)/nowhere/exit"
    try fixture.launch()
    try fixture.finish()
    #expect(fixture.exit?.code == 6)
    #expect(fixture.liveRecord?.status == .exited)
    #expect(fixture.liveRecord?.code == 6)
  }

  @Test func withoutALastProgramNothingIsLeft() throws {
    let fixture = try MonitorFixture(initScript: "exit 0")
    fixture.order.afterExit = []
    try fixture.launch()
    try fixture.finish()
    #expect(!FileTree.exists("\(fixture.directory)/run"))
    #expect(fixture.exitRecord?.code == 0)
  }

  @Test func theLastProgramInheritsTheLock() throws {
    let fixture = try MonitorFixture(initScript: "exit 0")
    fixture.order.afterExit = [
      "/bin/sh", "-c", "ls -l /proc/self/fd > \(fixture.directory)/data/fds; kill -TERM $$",
    ]
    try fixture.launch()
    try fixture.finish()
    let lines = fixture.text("data/fds").split(separator: "\n")
    #expect(lines.contains { $0.contains(" 5 -> ") && $0.hasSuffix("monitor.lock") })
    #expect(!lines.contains { $0.contains("socket:") || $0.contains("signalfd") }, "\(lines)")
  }
}
