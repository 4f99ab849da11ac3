import LinuxSystem
import Model
import Testing

@testable import Monitor

@Suite(.serialized) struct NotifyTests {
  /// A fixture with a service manager's socket, whose messages are read from `descriptor`.
  private func fixture(_ change: (inout NotifyOrder, String) -> Void) throws -> (
    fixture: MonitorFixture, manager: HeldDescriptor
  ) {
    let fixture = try MonitorFixture(initScript: "while test ! -e $0.stop; do sleep 0.05; done")
    let handle = try OwnedDescriptor.open(fixture.directory, [.path, .directory])
    let manager = HeldDescriptor(
      try UnixSocket.listen(directory: handle.raw, name: "manager", kind: .datagram))
    var order = NotifyOrder(socket: "\(fixture.directory)/manager")
    change(&order, fixture.directory)
    fixture.order.notify = order
    return (fixture, manager)
  }

  private func message(_ manager: HeldDescriptor) throws -> String? {
    guard try Descriptor.waitReadable(manager.raw, milliseconds: 10_000) else { return nil }
    return String(decoding: try UnixSocket.receive(manager.raw).bytes, as: UTF8.self)
  }

  private func end(_ fixture: MonitorFixture) throws {
    try fixture.send(.signal(9))
    try fixture.finish()
  }

  @Test func tellsThatItRuns() throws {
    let (fixture, manager) = try fixture { order, _ in order.isReadyAtStart = true }
    try fixture.launch()
    try fixture.wait { if case .started = $0 { true } else { false } }
    let monitor = try #require(fixture.liveRecord?.monitor)
    #expect(try message(manager) == "MAINPID=\(monitor)\nREADY=1")
    try end(fixture)
  }

  @Test func passesOnWhatTheContainerTells() throws {
    let (fixture, manager) = try fixture { order, directory in
      order.directory = "\(directory)/run/notify"
    }
    try FileTree.ensureDirectory("\(fixture.directory)/run/notify")
    try fixture.launch()
    try fixture.wait { if case .started = $0 { true } else { false } }
    let monitor = try #require(fixture.liveRecord?.monitor)
    #expect(try message(manager) == "MAINPID=\(monitor)")
    let inside = try UnixSocket.connect(
      path: "\(fixture.directory)/run/notify/notify.sock", kind: .datagram)
    for text in ["MAINPID=1", "READY=1\nMAINPID=1\nSTATUS=up"] {
      _ = try UnixSocket.sendNow(inside.raw, Array(text.utf8))
    }
    #expect(try message(manager) == "READY=1\nSTATUS=up")
    try end(fixture)
  }
}
