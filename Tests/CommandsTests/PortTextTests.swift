import Testing

@testable import Commands

@Suite struct PortTextTests {
  @Test(arguments: [
    (["8080:80/tcp"], "0.0.0.0:8080->80/tcp"),
    (
      ["127.0.0.1:8082:82/tcp", "127.0.0.1:8080:80/tcp", "127.0.0.1:8081:81/tcp"],
      "127.0.0.1:8080-8082->80-82/tcp"
    ),
    (["8080:80/tcp", "8081:81/udp"], "0.0.0.0:8080->80/tcp, 0.0.0.0:8081->81/udp"),
    (["8080:80/tcp", "9081:81/tcp"], "0.0.0.0:8080->80/tcp, 0.0.0.0:9081->81/tcp"),
    ([], ""),
  ])
  func drawsNeighboursTogether(_ ports: [String], _ text: String) {
    #expect(PortText.summary(ports) == text)
  }
}
