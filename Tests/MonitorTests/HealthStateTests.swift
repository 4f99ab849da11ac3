import Model
import Testing

@testable import Monitor

@Suite struct HealthStateTests {
  private static let second: Int64 = 1_000_000_000

  private func entry(_ code: Int32) -> HealthRecord.Entry {
    .init(start: 1, end: 2, code: code, output: "")
  }

  private func order(_ change: (inout HealthOrder) -> Void = { _ in }) -> HealthOrder {
    var order = HealthOrder()
    order.interval = 10 * Self.second
    change(&order)
    return order
  }

  @Test func theFirstProbeIsDueAtOnceAndTheNextAfterTheInterval() {
    var state = HealthState(order(), startedAt: 100)
    #expect(state.next == 100)
    state.begin()
    #expect(state.next == nil)
    #expect(state.take(entry(0), at: 5 * Self.second) == .none)
    #expect(state.next == 15 * Self.second)
    #expect(state.record.status == .healthy)
  }

  @Test func withoutAnIntervalNothingIsDue() {
    var state = HealthState(order { $0.interval = nil }, startedAt: 100)
    #expect(state.next == nil)
    _ = state.take(entry(0), at: 200)
    #expect(state.next == nil)
  }

  @Test func failuresInARowMakeItUnhealthy() {
    var state = HealthState(order(), startedAt: 0)
    let steps: [(Int32, HealthRecord.Status, Int, HealthState.Verdict)] = [
      (0, .healthy, 0, .none), (1, .healthy, 1, .none), (1, .healthy, 2, .none),
      (0, .healthy, 0, .none), (1, .healthy, 1, .none), (-1, .healthy, 2, .none),
      (1, .unhealthy, 3, .failed), (1, .unhealthy, 4, .failed), (0, .healthy, 0, .none),
    ]
    for (code, status, streak, verdict) in steps {
      #expect(state.take(entry(code), at: 1) == verdict)
      #expect(state.record.status == status)
      #expect(state.record.failingStreak == streak)
    }
  }

  @Test func failuresOfTheStartPeriodDoNotCount() {
    var state = HealthState(
      order {
        $0.startPeriod = 60 * Self.second
        $0.startInterval = Self.second
        $0.retries = 1
      }, startedAt: 0)
    state.begin()
    for time in 1...5 {
      #expect(state.take(entry(1), at: Int64(time)) == .none)
      #expect(state.record.status == .starting)
      #expect(state.record.failingStreak == 0)
      #expect(state.next == Int64(time) + Self.second)
      state.begin()
    }
    // The first success ends it.
    _ = state.take(entry(0), at: 6)
    #expect(state.next == 6 + 10 * Self.second)
    #expect(state.take(entry(1), at: 7) == .failed)
  }

  @Test func failuresCountAfterTheStartPeriod() {
    var state = HealthState(
      order {
        $0.startPeriod = Self.second
        $0.retries = 1
      }, startedAt: 0)
    #expect(state.take(entry(1), at: 1) == .none)
    #expect(state.take(entry(1), at: 2 * Self.second) == .failed)
  }

  @Test func startupChecksComeFirst() {
    var state = HealthState(
      order {
        var startup = HealthOrder.Startup()
        startup.interval = 2 * Self.second
        startup.successes = 2
        startup.retries = 3
        $0.startup = startup
      }, startedAt: 0)
    let steps: [(Int32, Bool, HealthState.Verdict)] = [
      (1, true, .none), (1, true, .none), (0, true, .none), (0, false, .none),
    ]
    for (code, starting, verdict) in steps {
      state.begin()
      #expect(state.take(entry(code), at: Self.second) == verdict)
      #expect(state.isStartingUp == starting)
    }
    #expect(state.record.status == .healthy)
    // The regular checks begin at once.
    #expect(state.next == Self.second)
  }

  @Test func startupChecksThatFailRestart() {
    var state = HealthState(
      order {
        var startup = HealthOrder.Startup()
        startup.retries = 2
        $0.startup = startup
      }, startedAt: 0)
    #expect(state.take(entry(1), at: 1) == .none)
    #expect(state.take(entry(1), at: 2) == .restart)
    #expect(state.record.status == .starting)
  }

  @Test(arguments: [(5, 5), (2, 2), (0, 20)])
  func remembersTheLastResults(asked: Int, kept: Int) {
    var state = HealthState(order { $0.logCount = asked }, startedAt: 0)
    for number in 0..<20 {
      _ = state.take(.init(start: Int64(number), end: 0, code: 0, output: ""), at: 1)
    }
    #expect(state.record.log.count == kept)
    #expect(state.record.log.last?.start == 19)
  }

  @Test func neverRemembersMoreThanMemoryMayHold() {
    var state = HealthState(
      order {
        $0.logCount = 0
        $0.logSize = 0
      }, startedAt: 0)
    for _ in 0..<3_000 { _ = state.take(entry(0), at: 1) }
    #expect(state.record.log.count == 1_000)
    #expect(state.outputLimit == 65_536)
  }

  @Test func theRecordSurvivesItsText() {
    let record = HealthRecord(
      status: .unhealthy, failingStreak: 3,
      log: [
        .init(start: 1, end: 2, code: 0, output: ""),
        .init(start: 3, end: 4, code: -1, output: "two\nlines \\ and words\n"),
      ])
    #expect(LineRecord(parsing: record.record.text).flatMap { HealthRecord($0) } == record)
  }
}
