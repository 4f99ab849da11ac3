import Glibc
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

  @Test func seesThatAPortIsTaken() throws {
    let holder = try ListeningSocket()
    let port = PortMapping(
      hostIP: IPAddress(127, 0, 0, 1), hostPort: holder.port, containerPort: 80)
    let error = #expect(throws: NetworkError.self) {
      try PortAllocation.checkFree([port], patience: 0)
    }
    #expect(
      error?.report.message
        == "cannot publish host port 127.0.0.1:\(holder.port)/tcp: address already in use")
    let whole = PortMapping(hostPort: holder.port, containerPort: 80)
    #expect(throws: NetworkError.self) { try PortAllocation.checkFree([whole], patience: 0) }
    var other = port
    other.transport = .udp
    try PortAllocation.checkFree([other], patience: 0)
    withExtendedLifetime(holder) {}
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

/// Holds a TCP port of 127.0.0.1.
private final class ListeningSocket {
  let descriptor: Int32
  let port: UInt16

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    unsafe address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let fd = descriptor
    let bound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(fd, $0, size) == 0 && listen(fd, 1) == 0 && getsockname(fd, $0, &size) == 0
      }
    }
    try #require(bound)
    port = UInt16(bigEndian: address.sin_port)
  }

  deinit { close(descriptor) }
}
