import Events
import LinuxSystem
import Model
import Testing

/// Containers that go when they end (`--rm`).
@Suite(.serialized) struct RemovalTests {
  /// A fixture with a container's directory, its name, and a last program that leaves `data/last`.
  private func makeFixture(initScript: String = "echo out") throws -> MonitorFixture {
    let fixture = try MonitorFixture(initScript: initScript)
    let place = fixture.directory
    for part in ["container/upper", "trash", "names"] {
      try FileTree.ensureDirectory("\(place)/\(part)")
    }
    try FileTree.write("\(place)/container/upper/file", "content")
    try FileTree.makeDirectory("\(place)/container/closed", mode: 0)
    try FileTree.makeLink("\(place)/names/web", to: fixture.order.id)
    fixture.order.name = "web"
    fixture.order.exitRecord = nil
    fixture.order.log.path = "\(place)/container/ctr.log"
    fixture.order.notes = .init(directory: "\(place)/events", image: "demo", labels: ["a=b"])
    fixture.order.removal = RemovalOrder(
      directory: "\(place)/container", trash: "\(place)/trash/test", names: "\(place)/names",
      mountPoint: "\(place)/rootfs")
    fixture.order.afterExit = ["/bin/sh", "-c", "echo ran > \(place)/data/last"]
    return fixture
  }

  private func left(_ fixture: MonitorFixture) throws -> [String] {
    try ["", "trash", "names"].flatMap { part in
      try FileTree.list("\(fixture.directory)/\(part)").map { "\(part)/\($0)" }
    }.sorted().filter { ["/container", "/run"].contains($0) || !$0.hasPrefix("/") }
  }

  @Test func theMonitorRemovesWhatItCan() throws {
    let fixture = try makeFixture()
    try fixture.launch()
    try fixture.finish()
    #expect(fixture.output.asText == "out\n")
    #expect(try left(fixture) == [])
    #expect(fixture.text("data/last").isEmpty)
    let events = fixture.text("events/log")
    #expect(events.contains("remove"), "\(events)")
  }

  /// The command that waits for the end is often first.
  @Test func somebodyElseMayHaveBegun() throws {
    let fixture = try makeFixture(initScript: "read line")
    fixture.order.keepsStandardInput = true
    try fixture.launch()
    try fixture.wait { if case .started = $0 { true } else { false } }
    let place = fixture.directory
    try FileTree.rename("\(place)/container", to: "\(place)/trash/test")
    // The name is somebody else's by now.
    try FileTree.unlink("\(place)/names/web")
    try FileTree.makeLink("\(place)/names/web", to: "another")
    try fixture.send(.standardInput([0x0A]))
    try fixture.finish()
    #expect(try left(fixture) == ["names/web"])
    #expect(fixture.text("data/last").isEmpty)
  }

  @Test func aRenamedContainerGoesByItsNewName() throws {
    let fixture = try makeFixture(initScript: "read line")
    fixture.order.keepsStandardInput = true
    try fixture.launch()
    try fixture.wait { if case .started = $0 { true } else { false } }
    let place = fixture.directory
    try FileTree.rename("\(place)/names/web", to: "\(place)/names/shop")
    try fixture.send(.renamed("shop"))
    try fixture.send(.standardInput([0x0A]))
    try fixture.finish()
    #expect(try left(fixture) == [])
  }

  /// What a runtime leaves is for the whole program to find.
  @Test func theLastProgramDoesTheRest() throws {
    let fixture = try makeFixture()
    let script = fixture.text("runtime")
    try FileTree.write(
      "\(fixture.directory)/runtime",
      script.replacing("case $command in", with: "case $command in\ndelete) exit 1 ;;"), mode: 0o700
    )
    try fixture.launch()
    try fixture.finish()
    #expect(try left(fixture) == ["/container", "/run", "names/web"])
    #expect(fixture.text("data/last") == "ran\n")
  }

  @Test func theLastProgramTakesOverWhereAPathIsWrong() throws {
    let fixture = try makeFixture()
    fixture.order.removal?.trash = "\(fixture.directory)/runtime/test"
    try fixture.launch()
    try fixture.finish()
    #expect(try left(fixture) == ["/container", "/run", "names/web"])
    #expect(fixture.text("data/last") == "ran\n")
  }
}
