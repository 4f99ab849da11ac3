import Model
import Testing

@testable import Engine

@Suite struct HealthRequestTests {
  @Test(
    arguments: [
      ("curl -f localhost", ["CMD-SHELL", "curl -f localhost"]),
      ("/bin/check", ["CMD-SHELL", "/bin/check"]), ("none", ["NONE"]),
      ("CMD /bin/check -x", ["CMD", "/bin/check", "-x"]),
      ("CMD-SHELL a && b", ["CMD-SHELL", "a && b"]),
      (#"["/bin/check", "a b"]"#, ["CMD", "/bin/check", "a b"]),
      (#"["/bin/check"]"#, ["CMD-SHELL", "/bin/check"]),
      (#"["CMD", "x"]"#, ["CMD", "x"]), ("[ -e /ok ]", ["CMD-SHELL", "[ -e /ok ]"]),
    ] as [(String, [String])])
  func readsCommands(text: String, test: [String]) {
    #expect(HealthRequest.test(text) == test)
  }

  private static let image =
    #"{"Test":["CMD","ok"],"Interval":5000000000,"Retries":7,"StartPeriod":1000000000}"#

  @Test func takesTheImagesCheckAndChangesOfIt() throws {
    var request = HealthRequest()
    #expect(try request.resolve(image: nil) == nil)
    var health = try #require(try request.resolve(image: Self.image))
    #expect(health.test == ["CMD", "ok"])
    #expect(health.interval == 5_000_000_000)
    #expect(health.retries == 7)
    #expect(health.startPeriod == 1_000_000_000)
    #expect(health.timeout == 30_000_000_000)
    request.interval = 0
    request.command = "other"
    health = try #require(try request.resolve(image: Self.image))
    #expect(health.test == ["CMD-SHELL", "other"])
    #expect(health.order(id: "x", directory: "/d").interval == nil)
    request = HealthRequest()
    request.isOff = true
    #expect(try request.resolve(image: Self.image) == nil)
    #expect(try HealthRequest().resolve(image: #"{"Test":["NONE"]}"#) == nil)
  }

  @Test(arguments: ["action", "retries", "timeout", "both", "startup", "destination"])
  func refusesWhatCannotWork(case name: String) {
    var request = HealthRequest()
    request.command = "x"
    switch name {
    case "action":
      request.command = nil
      request.onFailure = "kill"
    case "retries": request.retries = 0
    case "timeout": request.timeout = 0
    case "both": request.isOff = true
    case "startup":
      request.command = nil
      request.startupCommand = "y"
    default: request.logDestination = "/nowhere"
    }
    #expect(throws: ErrorReport.self) { try request.resolve(image: nil) }
  }
}
