import LinuxSystem
import Model
import Testing

/// A container whose first run was begun before the monitor's program, by a shell in the runtime's place.
@Suite struct BegunRunTests {
  /// Waits at the gate as the container does; `ended` tells of one that never opened.
  private static let script = """
    if read -r word <&3; [ -n "$word" ]; then
      exec 8<>"$0/bundle/alive" 7<"$0/bundle/alive"
      # Not before this shell ends, which would reap it.
      ( exec 8<&-; read gone <&7; exec sh "$0/bundle/init" 3<&- 4<&- 5<&- 7<&- ) &
      echo $! > "$0/run/pidfile"
      exit 0
    fi
    echo "the gate closed" > "$0/ended"
    exit 1
    """

  private func fixture(_ initScript: String) throws -> MonitorFixture {
    let fixture = try MonitorFixture(initScript: initScript)
    try fixture.usesOwnRuntime()
    return fixture
  }

  @Test func goesOnWhenTheMonitorIsThere() throws {
    let fixture = try fixture("echo out; echo err >&2; exit 4")
    try fixture.launch(beginning: Self.script)
    try fixture.finish()
    #expect(fixture.output.asText == "out\n" && fixture.errors.asText == "err\n")
    #expect(fixture.exit?.code == 4 && fixture.exitRecord?.code == 4)
    #expect(fixture.calls == ["delete"], "the monitor makes no call for it")
  }

  /// A runtime whose program has begun may take its time to end, and its messages are read before that.
  @Test func doesNotWaitForItsEnd() throws {
    let fixture = try fixture("exit 4")
    let script = Self.script.replacing(
      "exit 0",
      with: """
        echo 2026-01-01T00:00:00Z warning: slow >&4
        echo >&5
        read go < "$0/bundle/go"
        exit 0
        """)
    try fixture.launch(beginning: script)
    let started = try fixture.wait { if case .started = $0 { true } else { false } }
    #expect(started != nil, "before the runtime's end")
    try FileTree.write("\(fixture.directory)/bundle/go", "go\n")
    try fixture.finish()
    #expect(fixture.errors.asText.contains("slow"))
    #expect(fixture.exit?.code == 4 && fixture.calls == ["delete"])
  }

  /// The second run is the monitor's own.
  @Test func isTheFirstRunAlone() throws {
    let fixture = try fixture("exit 4")
    fixture.order.restart = .onFailure(attempts: 1)
    fixture.order.restartDelay = 1
    try fixture.launch(beginning: Self.script)
    try fixture.finish()
    #expect(fixture.calls == ["delete", "--log", "delete"])
    #expect(fixture.exitRecord?.restarts == 1)
  }

  /// It may have ended before the monitor looks.
  @Test func tellsWhyItFailed() throws {
    let fixture = try fixture("echo never")
    try fixture.launch(
      beginning: "echo 2026-01-01T00:00:00Z error: no such thing >&4; exit 1")
    try fixture.finish()
    #expect(fixture.failure == ErrorReport(.unavailable, "martlet-oci: no such thing"))
    #expect(fixture.output.isEmpty && fixture.exitRecord?.code == 125)
  }

  @Test func endsWithAMonitorThatCannotBe() throws {
    let fixture = try fixture("echo ran > /dev/null")
    fixture.order.log = .init(driver: .k8sFile, path: "\(fixture.directory)/nowhere/log")
    try fixture.launch(beginning: Self.script)
    try fixture.finish()
    #expect(fixture.failure != nil)
    #expect(fixture.text("ended") == "the gate closed\n", "before the monitor's end")
    #expect(fixture.text("run/pidfile").isEmpty)
  }

  @Test func waitsForTheNetwork() throws {
    let fixture = try fixture("cat \"${0%/*}/../helper\"")
    fixture.order.network = NetworkHelperOrder(
      arguments: ["/bin/sh", "-c", "echo up > '\(fixture.directory)/helper'"], readiness: .exit)
    try fixture.launch(beginning: Self.script)
    try fixture.finish()
    #expect(fixture.output.asText == "up\n")
  }

  @Test func endsWithoutItsNetwork() throws {
    let fixture = try fixture("echo never")
    fixture.order.network = NetworkHelperOrder(
      arguments: ["/bin/sh", "-c", "echo no network >&2; exit 1"], readiness: .exit)
    try fixture.launch(beginning: Self.script)
    try fixture.finish()
    #expect(fixture.failure?.message.contains("no network") == true)
    #expect(fixture.text("ended") == "the gate closed\n")
  }
}
