import LinuxSystem
import Model
import Testing

@testable import Networking

@Suite struct PortAllocationTests {
  @Test func choosesAPortThatIsFree() throws {
    let ports = try PortAllocation.resolve(["127.0.0.1::80", "127.0.0.1::81/udp"])
    #expect(ports.map(\.containerPort) == [80, 81])
    #expect(ports.allSatisfy { $0.hostPort >= 1024 })
  }

  @Test func pairsRangesInOrder() throws {
    #expect(
      try PortAllocation.resolve(["8000-8002:90-92"]).map(\.description)
        == ["8000:90/tcp", "8001:91/tcp", "8002:92/tcp"])
  }

  @Test(arguments: [
    ["80:80", "80:81"], ["127.0.0.1:80:80", "80:80"], ["8000-8002:1-3", "8002:9"],
  ])
  func refusesAPortThatIsWantedTwice(texts: [String]) {
    #expect(throws: NetworkError.self) { try PortAllocation.resolve(texts) }
  }

  @Test func takesTheSameMappingTwiceAsOne() throws {
    #expect(try PortAllocation.resolve(["80:80", "80:80/tcp"]).count == 1)
  }

  @Test func saysWhatOnlyRootMayHave() throws {
    let port = PortMapping(hostPort: 1, containerPort: 1)
    try PortAllocation.checkPrivileges([port], isMachineRoot: true)
    let text = try FileTree.readText("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    // A machine may let everybody have every port.
    guard text.prefix(while: \.isNumber) != "0" else { return }
    let error = #expect(throws: NetworkError.self) {
      try PortAllocation.checkPrivileges([port], isMachineRoot: false)
    }
    #expect(
      error?.report.hint?.contains("sudo sysctl net.ipv4.ip_unprivileged_port_start=1") == true)
  }
}
