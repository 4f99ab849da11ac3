import Events
import LinuxSystem
import Testing

@Suite struct EventLogTests {
  private func withDirectory(_ body: (String) throws -> Void) throws {
    let random = try CurrentProcess.randomBytes(4).map { "\($0)" }.joined()
    let path = "/tmp/martlet-events-\(CurrentProcess.id)-\(random)"
    defer { try? FileTree.removeTree(path) }
    try body("\(path)/events")
  }

  private func event(_ number: Int) -> Event {
    var event = Event(.container, "start", time: Int64(number))
    event.id = "id\(number)"
    event.name = "name"
    return event
  }

  private func all(_ log: EventLog) throws -> [Event] {
    var reader = EventReader(log)
    var events: [Event] = []
    try reader.readAll { events.append($0) }
    return events
  }

  @Test func hasNoEventsBeforeTheFirst() throws {
    try withDirectory { (path: String) throws in #expect(try all(EventLog(path)).isEmpty) }
  }

  @Test func readsWhatWasWritten() throws {
    try withDirectory { (path: String) throws in
      let log = EventLog(path)
      var first = event(1)
      first.image = "docker.io/library/x:1"
      first.attributes = [
        .init("label", "with\ttab, \\ and\nnewline"), .init("empty", ""), .init("e", "a=b"),
      ]
      log.record(first)
      log.record(event(2))
      #expect(try all(log) == [first, event(2)])
    }
  }

  @Test func leavesOutLinesThatAreNotEvents() throws {
    try withDirectory { (path: String) throws in
      let log = EventLog(path)
      log.record(event(1))
      let file = try OwnedDescriptor.open("\(path)/log", [.writeOnly, .append])
      try Descriptor.writeAll(file.raw, "1\tgarbage\n\n2\t5\tcontainer\tx\t\t\t\n")
      log.record(event(2))
      try Descriptor.writeAll(file.raw, "1\t3\tcontainer\thalf a li")
      #expect(try all(log) == [event(1), event(2)])
    }
  }

  @Test func keepsTheLastFilesOnly() throws {
    try withDirectory { (path: String) throws in
      let log = EventLog(path, fileLimit: 400)
      for number in 0..<100 { log.record(event(number)) }
      let numbers = try all(log).map(\.time)
      #expect(numbers.last == 99)
      #expect(numbers == Array(numbers[0]...99))
      #expect(numbers.count < 60)
      #expect(try FileTree.list(path).sorted() == ["lock", "log", "log.1"])
    }
  }

  @Test func followsAcrossRotations() throws {
    try withDirectory { (path: String) throws in
      let log = EventLog(path, fileLimit: 400)
      log.record(event(0))
      var reader = EventReader(log)
      try reader.skipToEnd()
      var seen: [Int64] = []
      for number in 1...100 {
        log.record(event(number))
        if number % 5 == 0 { try reader.readNew { seen.append($0.time) } }
      }
      #expect(seen == Array(1...100))
    }
  }

  @Test func losesNothingWhenManyWriteAtOnce() throws {
    try withDirectory { (path: String) throws in
      let log = EventLog(path)
      let workers = try (0..<8).map { writer in
        try WorkerThread { for number in 0..<50 { log.record(event(writer * 1000 + number)) } }
      }
      for worker in workers { worker.join() }
      let times = try all(log).map(\.time)
      #expect(times.count == 400 && Set(times).count == 400)
    }
  }
}
