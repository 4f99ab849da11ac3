import ImageStore
import LinuxSystem
import Model
import Testing

@testable import Engine

struct HelperClientTests {
  private func follow(_ text: String) throws -> (
    outcome: Result<[String], any Error>, events: [TransferEvent]
  ) {
    let file = try OwnedDescriptor.anonymousFile("answer", content: text)
    var events: [TransferEvent] = []
    let outcome = Result {
      let final = try HelperClient.follow(file.raw) { events.append($0) }
      return try HelperClient.outcome(final, .exited(final?.error == nil ? 0 : 1)).images
        .map { "\($0.id.shortID)" }
    }
    return (outcome, events)
  }

  @Test func readsProgressWarningsAndTheResult() throws {
    let id = "sha256:" + String(repeating: "a", count: 64)
    let (outcome, events) = try follow(
      """
      {"progress":{"id":"abc","status":"downloading","current":5,"total":10}}
      {"warning":"slow"}
      {"result":{"images":[{"id":"\(id)","names":[]}]}}

      """)
    #expect(try outcome.get() == ["aaaaaaaaaaaa"])
    #expect(
      events == [
        .progress(TransferProgress(id: "abc", status: .downloading, current: 5, total: 10)),
        .warning("slow"),
      ])
  }

  @Test func throwsTheHelpersOwnReport() throws {
    let (outcome, _) = try follow(
      #"{"error":{"kind":"notFound","message":"no such tag","hint":"check it"}}"# + "\n")
    #expect(throws: ErrorReport(.notFound, "no such tag", hint: "check it")) { try outcome.get() }
  }

  @Test(arguments: ["not json\n", "{\"progress\":{}}\n"])
  func refusesAnAnswerItDoesNotKnow(text: String) throws {
    let (outcome, _) = try follow(text)
    #expect(throws: ErrorReport.self) { try outcome.get() }
  }

  @Test(arguments: [
    (ProcessEnd.signaled(9), "martlet-image was killed by signal 9"),
    (.signaled(11), "martlet-image was killed by signal 11"),
    (.exited(127), "martlet-image cannot be run here"),
    (.exited(0), "martlet-image ended with status 0 and no answer"),
  ]) func tellsHowASilentHelperEnded(end: ProcessEnd, message: String) {
    let error = #expect(throws: ErrorReport.self) { try HelperClient.outcome(nil, end) }
    #expect(error?.message == message)
  }
}
