import Model
import Testing

@Suite struct AttachFrameTests {
  static let frames: [AttachFrame] = [
    .attach([.standardInput, .standardError]), .standardInput([1, 0, 255]), .standardInputEnd,
    .resize(WindowSize(rows: 24, columns: 300)), .start, .signal(15), .reopenLog,
    .stop(milliseconds: 10_000), .created(pid: 77_777), .started(pid: 1), .standardOutput([]),
    .standardError(Array("x".utf8)),
    .exit(.init(code: 137, signal: 9, outOfMemory: true)), .exit(.init(code: -1)),
    .failure(ErrorReport(.commandNotFound, "no\nsuch", hint: "fix")),
    .failure(ErrorReport(.bug, "")),
    .status(LiveRecord(status: .running, monitor: 3, bootID: "b").record),
    .lost(bytes: 1 << 40), .healthOrder(nil), .healthOrder(HealthOrder()),
  ]

  @Test func everyFrameSurvivesAStreamInSinglePieces() {
    var reader = AttachFrameReader()
    var seen: [AttachFrame] = []
    for byte in Self.frames.flatMap(\.bytes) {
      reader.append([byte])
      while let frame = reader.next() { seen.append(frame) }
    }
    #expect(seen == Self.frames)
  }

  @Test(
    arguments: [
      [0, 0, 0, 0, 0, 0, 0, 0], [99, 0, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0],
      [2, 0, 0, 0, 0, 0, 0, 1], [70, 0, 0, 0, 1, 0, 0, 0, 65],
    ] as [[UInt8]])
  func aStreamThatIsNotOursIsBroken(bytes: [UInt8]) {
    var reader = AttachFrameReader()
    reader.append(bytes)
    #expect(reader.next() == nil)
    #expect(reader.isBroken)
  }

  @Test func recordsOfMonitorsSurviveTheirText() {
    var live = LiveRecord(status: .exited, monitor: 5, bootID: "b")
    live.finished = 8
    live.outOfMemory = true
    live.pid = 7
    live.startTime = 8
    live.started = 9
    live.restarts = 1
    live.code = 3
    #expect(LiveRecord(live.record) == live)
    var exit = ExitRecord(code: 137, finished: 12)
    exit.signal = 9
    exit.outOfMemory = true
    exit.started = 2
    exit.restarts = 1
    exit.error = "why"
    #expect(ExitRecord(exit.record) == exit)
  }
}
