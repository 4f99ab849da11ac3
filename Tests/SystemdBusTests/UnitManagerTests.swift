import LinuxSystem
import Testing

@testable import SystemdBus

/// A bus that has said everything before it is asked: serial numbers are known beforehand.
struct FakeBus: ~Copyable {
  private let ends: OwnedDescriptor.Pipe
  private var serial: UInt32 = 100

  init() throws {
    let pair = try UnixSocket.pair()
    try Descriptor.writeAll(pair.writeEnd.raw, "DATA\r\nOK 0123456789abcdef\r\n")
    ends = pair
  }

  func client() throws -> OwnedDescriptor { try ends.readEnd.duplicate() }

  mutating func reply(to number: UInt32, _ body: [BusValue] = []) throws {
    var message = BusMessage(.reply)
    message.replySerial = number
    message.body = body
    try send(message)
  }

  mutating func fail(_ number: UInt32, _ name: String, _ text: String) throws {
    var message = BusMessage(.failure)
    message.replySerial = number
    message.errorName = name
    message.body = [.string(text)]
    try send(message)
  }

  mutating func removeJob(_ path: String, _ unit: String, _ result: String) throws {
    var message = BusMessage(.signal)
    message.path = "/org/freedesktop/systemd1"
    message.interface = "org.freedesktop.systemd1.Manager"
    message.member = "JobRemoved"
    message.body = [.uint32(1), .objectPath(path), .string(unit), .string(result)]
    try send(message)
  }

  private mutating func send(_ message: BusMessage) throws {
    var message = message
    serial += 1
    message.serial = serial
    try Descriptor.writeAll(ends.writeEnd.raw, message.encoded)
  }

  /// What the client has sent: its greeting, and its messages.
  func received() throws -> (greeting: String, calls: [BusMessage]) {
    var bytes: [UInt8] = []
    while try Descriptor.waitReadable(ends.writeEnd.raw, milliseconds: 0) {
      let more = try Descriptor.read(ends.writeEnd.raw, upTo: 65_536)
      if more.isEmpty { break }
      bytes += more
    }
    let end = try #require(
      bytes.indices.first { bytes[$0...].starts(with: Array("BEGIN\r\n".utf8)) })
    let greeting = String(decoding: bytes[..<(end + 7)], as: UTF8.self)
    var rest = bytes[(end + 7)...]
    var calls: [BusMessage] = []
    while let length = try BusMessage.length(rest), length <= rest.count {
      calls.append(try BusMessage(Array(rest.prefix(length))))
      rest = rest.dropFirst(length)
    }
    #expect(rest.isEmpty)
    return (greeting, calls)
  }
}

@Suite struct UnitManagerTests {
  private let properties = [
    UnitProperty("Delegate", .bool(true)), UnitProperty("PIDs", .array(of: "u", [.uint32(42)])),
  ]

  // Serials: 1 Hello, 2 AddMatch, 3 Subscribe, 4 the call.

  @Test func startsAUnitAndWaitsForItsJob() throws {
    var bus = try FakeBus()
    try bus.reply(to: 1, [.string(":1.5")])
    // Another job's end before the answer, and ours before it, too.
    try bus.removeJob("/job/6", "other.scope", "failed")
    try bus.removeJob("/job/7", "a.scope", "done")
    try bus.reply(to: 4, [.objectPath("/job/7")])
    var manager = try UnitManager(owning: bus.client(), broker: true)
    try manager.startTransient("a.scope", properties)
    let (greeting, calls) = try bus.received()
    #expect(greeting == "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n")
    #expect(calls.map(\.member) == ["Hello", "AddMatch", "Subscribe", "StartTransientUnit"])
    #expect(calls.map(\.wantsNoReply) == [false, true, true, false])
    #expect(calls[3].destination == "org.freedesktop.systemd1")
    #expect(
      calls[3].body == [
        .string("a.scope"), .string("fail"),
        .array(
          of: "(sv)",
          [
            .structure([.string("Delegate"), .variant(.bool(true))]),
            .structure([.string("PIDs"), .variant(.array(of: "u", [.uint32(42)]))]),
          ]), .array(of: "(sa(sv))", []),
      ])
  }

  @Test func tellsHowAJobFailed() throws {
    var bus = try FakeBus()
    try bus.reply(to: 3, [.objectPath("/job/7")])
    try bus.reply(to: 2, [.objectPath("/job/7")])
    try bus.removeJob("/job/7", "a.scope", "failed")
    var manager = try UnitManager(owning: bus.client(), broker: false)
    #expect(throws: BusError.job(unit: "a.scope", result: "failed")) {
      try manager.startTransient("a.scope", properties)
    }
  }

  @Test func forgetsAFailedUnitOfTheSameName() throws {
    var bus = try FakeBus()
    try bus.fail(2, "org.freedesktop.systemd1.UnitExists", "there is one")
    try bus.reply(to: 3)
    try bus.reply(to: 4, [.objectPath("/job/8")])
    try bus.removeJob("/job/8", "a.scope", "done")
    var manager = try UnitManager(owning: bus.client(), broker: false)
    try manager.startTransient("a.scope", properties)
    #expect(
      try bus.received().calls.map(\.member) == [
        "Subscribe", "StartTransientUnit", "ResetFailedUnit", "StartTransientUnit",
      ])
  }

  @Test func stoppingWhatIsGoneIsFine() throws {
    var bus = try FakeBus()
    try bus.fail(2, "org.freedesktop.systemd1.NoSuchUnit", "gone")
    try bus.fail(3, "org.freedesktop.systemd1.NoSuchUnit", "gone")
    var manager = try UnitManager(owning: bus.client(), broker: false)
    try manager.stop("a.scope")
  }

  @Test func passesOnWhatSystemdSays() throws {
    var bus = try FakeBus()
    let name = "org.freedesktop.DBus.Error.PropertyReadOnly"
    try bus.fail(1, name, "Cannot set property Nonsense, or unknown property.")
    var manager = try UnitManager(owning: bus.client(), broker: false)
    #expect(
      throws: BusError.remote(
        name: name, "Cannot set property Nonsense, or unknown property.")
    ) { try manager.setProperties("a.scope", [UnitProperty("Nonsense", .bool(true))]) }
  }

  @Test func saysWhenItIsNotLetIn() throws {
    let pair = try UnixSocket.pair()
    try Descriptor.writeAll(pair.writeEnd.raw, "REJECTED EXTERNAL\r\n")
    let client = try pair.readEnd.duplicate().release()
    #expect(throws: BusError.refused("REJECTED EXTERNAL")) {
      _ = try UnitManager(owning: OwnedDescriptor(owning: client), broker: false)
    }
  }

  @Test func doesNotWaitForEver() throws {
    let bus = try FakeBus()
    var connection = try BusConnection(owning: bus.client(), broker: false)
    connection.patience = 20
    #expect(throws: BusError.timedOut("M")) {
      _ = try connection.call(BusMessage(call: "M", of: "a.b", on: "/", at: "c.d"))
    }
  }

  @Test(arguments: [
    ("unix:path=/run/user/1/bus", "/run/user/1/bus"),
    ("unix:guid=ab,path=/a%2db", "/a-b"), ("tcp:host=x;unix:path=/c", "/c"),
    ("unix:abstract=/tmp/x", nil), ("", nil),
  ]) func readsAddresses(text: String, path: String?) {
    #expect(BusAddress.path(text) == path)
  }
}
