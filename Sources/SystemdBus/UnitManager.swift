public import LinuxSystem

/// A property of a unit, as systemd's D-Bus interface names it (org.freedesktop.systemd1(5)).
public struct UnitProperty: Equatable, Sendable {
  public var name: String
  public var value: BusValue

  public init(_ name: String, _ value: BusValue) {
    self.name = name
    self.value = value
  }

  var member: BusValue { .structure([.string(name), .variant(value)]) }
}

/// systemd's manager, of the system or of a user: units come and go by its word.
public struct UnitManager: ~Copyable {
  private static let service = "org.freedesktop.systemd1"
  private static let object = "/org/freedesktop/systemd1"
  private static let interface = "org.freedesktop.systemd1.Manager"
  private var bus: BusConnection
  private let broker: Bool
  private var isSubscribed = false

  public init(_ address: BusAddress) throws(BusError) {
    bus = try address.connect()
    broker = true
  }

  /// Talks over a connected socket.
  public init(owning socket: consuming OwnedDescriptor, broker: Bool) throws(BusError) {
    bus = try BusConnection(owning: socket, broker: broker)
    self.broker = broker
  }

  private static func message(_ member: String, _ body: [BusValue]) -> BusMessage {
    BusMessage(call: member, of: interface, on: object, at: service, body)
  }

  /// Asks for news of jobs: the end of one is told by a signal alone.
  private mutating func subscribe() throws(BusError) {
    guard !isSubscribed else { return }
    isSubscribed = true
    if broker {
      let name = "org.freedesktop.DBus"
      let rule =
        "type='signal',path='\(Self.object)',interface='\(Self.interface)',member='JobRemoved'"
      var match = BusMessage(
        call: "AddMatch", of: name, on: "/org/freedesktop/DBus", at: name, [.string(rule)])
      match.wantsNoReply = true
      try bus.post(match)
    }
    var subscribe = Self.message("Subscribe", [])
    subscribe.wantsNoReply = true
    try bus.post(subscribe)
  }

  /// Calls a method that starts a job, and waits for the job's end.
  private mutating func job(_ member: String, _ unit: String, _ body: [BusValue])
    throws(BusError)
  {
    try subscribe()
    let answer = try bus.call(Self.message(member, body))
    guard case .objectPath(let path)? = answer.first else { throw .malformed("answer") }
    let result = try bus.signal("wait for the job of \(unit)") { signal -> String? in
      guard signal.member == "JobRemoved", signal.body.count == 4,
        signal.body[1] == .objectPath(path)
      else { return nil }
      return signal.body[3].text
    }
    guard result == "done" else { throw .job(unit: unit, result: result) }
  }

  /// Makes and starts a unit that no file describes; it is up when this returns.
  ///
  /// A failed unit of that name that was left behind is forgotten first.
  public mutating func startTransient(_ unit: String, _ properties: [UnitProperty])
    throws(BusError)
  {
    let body: [BusValue] = [
      .string(unit), .string("fail"), .array(of: "(sv)", properties.map(\.member)),
      .array(of: "(sa(sv))", []),
    ]
    do throws(BusError) {
      try job("StartTransientUnit", unit, body)
    } catch {
      guard case .remote("\(Self.service).UnitExists", _) = error else { throw error }
      try resetFailed(unit)
      try job("StartTransientUnit", unit, body)
    }
  }

  /// Stops a unit and forgets it; one that is gone is fine.
  public mutating func stop(_ unit: String) throws(BusError) {
    do throws(BusError) {
      try job("StopUnit", unit, [.string(unit), .string("replace")])
    } catch {
      guard case .remote("\(Self.service).NoSuchUnit", _) = error else { throw error }
    }
    try resetFailed(unit)
  }

  /// Forgets that a unit failed.
  public mutating func resetFailed(_ unit: String) throws(BusError) {
    do throws(BusError) {
      _ = try bus.call(Self.message("ResetFailedUnit", [.string(unit)]))
    } catch {
      guard case .remote("\(Self.service).NoSuchUnit", _) = error else { throw error }
    }
  }

  /// Changes properties of a living unit until the next boot.
  public mutating func setProperties(_ unit: String, _ properties: [UnitProperty])
    throws(BusError)
  {
    _ = try bus.call(
      Self.message(
        "SetUnitProperties",
        [.string(unit), .bool(true), .array(of: "(sv)", properties.map(\.member))]))
  }

  /// Moves processes into a unit's cgroup, where the caller itself may not write.
  public mutating func attach(_ pids: [Int32], to unit: String) throws(BusError) {
    _ = try bus.call(
      Self.message(
        "AttachProcessesToUnit",
        [
          .string(unit), .string(""),
          .array(of: "u", pids.map { .uint32(UInt32(bitPattern: $0)) }),
        ]))
  }
}
