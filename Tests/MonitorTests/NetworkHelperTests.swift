import LinuxSystem
import Model
import Testing

@Suite(.serialized) struct NetworkHelperTests {
  private func fixture(helper script: String, init initScript: String = "exit 0") throws
    -> MonitorFixture
  {
    let fixture = try MonitorFixture(initScript: initScript)
    try FileTree.write("\(fixture.directory)/helper", "#!/bin/sh\n" + script, mode: 0o700)
    return fixture
  }

  private func order(
    _ fixture: MonitorFixture, _ readiness: NetworkHelperOrder.Readiness, exit: Int32? = nil
  ) -> NetworkHelperOrder {
    NetworkHelperOrder(
      arguments: ["\(fixture.directory)/helper"], readiness: readiness, exitDescriptor: exit)
  }

  @Test func startsWhenTheHelperHasGoneIntoTheBackground() throws {
    // The process in the background keeps the script's name, as a real helper does.
    let script = """
      here=${0%/*}
      if [ "$1" != again ]; then
        "$0" again & read up < "$here/data/up"; exit 0
      fi
      echo $$ > "$here/data/daemon"
      echo up > "$here/data/up"
      read never < "$here/data/never"
      """
    let fixture = try fixture(helper: script, init: "cat \"${0%/*}/../data/daemon\"")
    try FileTree.makeFIFO("\(fixture.directory)/data/never")
    try FileTree.makeFIFO("\(fixture.directory)/data/up")
    fixture.order.network = order(fixture, .exit)
    try fixture.launch()
    try fixture.finish()
    let pid = try #require(Int32(fixture.output.asText.prefix { $0.isNumber }))
    let ended = try MonitorFixture.hasEnded(pid)
    #expect(ended, "the helper outlived the container")
  }

  @Test func startsWhenTheHelperSaysSo() throws {
    let script = """
      here=${0%/*}
      echo ready > "$here/data/ready"; printf 1 >&3
      read word <&4; echo ended > "$here/data/ended"
      """
    let fixture = try fixture(helper: script, init: "cat \"${0%/*}/../data/ready\"")
    fixture.order.network = order(fixture, .descriptor(3), exit: 4)
    try fixture.launch()
    try fixture.finish()
    #expect(fixture.output.asText == "ready\n")
    #expect(fixture.exit?.code == 0)
  }

  @Test(arguments: [
    ("echo 'no device' >&2; exit 1", "network helper helper failed: no device"),
    ("exit 1", "network helper helper failed: it ended at once"),
  ])
  func aHelperThatFailsIsTheFailure(script: String, message: String) throws {
    for readiness in [NetworkHelperOrder.Readiness.exit, .descriptor(3)] {
      let fixture = try fixture(helper: script, init: "echo never")
      fixture.order.network = order(fixture, readiness)
      try fixture.launch()
      try fixture.finish()
      #expect(fixture.failure?.message == message)
      #expect(fixture.failure?.kind == .unavailable)
      #expect(fixture.exit?.code == 125)
      #expect(fixture.output == [])
      #expect(fixture.text("calls").contains("delete --force"))
      let pid = try #require(Int32(fixture.text("run/pidfile").prefix { $0.isNumber }))
      let ended = try MonitorFixture.hasEnded(pid)
      #expect(ended, "the container was left")
    }
  }

  @Test func anAnswerWithAnErrorIsAFailure() throws {
    let fixture = try fixture(helper: "printf 1 >&3; read word <&4")
    var network = order(fixture, .descriptor(3), exit: 4)
    network.apiSocket = "\(fixture.directory)/api"
    network.requests = [#"{"execute":"one"}"#]
    fixture.order.network = network
    let directory = try OwnedDescriptor.open(fixture.directory, [.path, .directory])
    let listener = try UnixSocket.listen(directory: directory.raw, name: "api")
    try fixture.launch()
    let connection = try #require(try HeldConnection(listener.raw))
    #expect(try connection.exchange(#"{"error":{"desc":"taken"}}"#) == #"{"execute":"one"}"#)
    try fixture.finish()
    #expect(
      fixture.failure?.message
        == #"network helper cannot publish a port: {"error":{"desc":"taken"}}"#)
    #expect(fixture.failure?.kind == .conflict)
  }
}

/// One accepted connection.
private final class HeldConnection {
  private var socket: OwnedDescriptor?

  init?(_ listener: Int32) throws {
    guard let accepted = try UnixSocket.accept(listener) else { return nil }
    socket = consume accepted
  }

  /// Reads to the end, answers, and hangs up.
  func exchange(_ answer: String) throws -> String {
    guard let fd = socket?.raw else { return "" }
    let request = try Descriptor.readAll(fd)
    try Descriptor.writeAll(fd, answer)
    socket = nil
    return String(decoding: request, as: UTF8.self)
  }
}
