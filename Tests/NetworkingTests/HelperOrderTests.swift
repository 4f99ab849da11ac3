import Model
import Testing

@testable import Networking

@Suite struct HelperOrderTests {
  let context = HelperContext(namespacePath: "/run/user/1/netns/m", directory: "/run/c")

  @Test func pastaReachesNothingOfTheHostsLoopback() throws {
    let order = try PastaDriver(path: "/p", mapsHost: false).order(context, ports: [])
    #expect(
      order.arguments == [
        "/p", "--config-net", "-t", "none", "-u", "none", "-T", "none", "-U", "none",
        "--no-map-gw", "--dns-forward", "169.254.1.1", "--quiet", "--netns", "/run/user/1/netns/m",
      ])
    #expect(order.readiness == .exit)
  }

  @Test(arguments: [
    ("8080:80", "8080:80"), ("127.0.0.1:8080:80", "127.0.0.1/8080:80"),
    ("[::1]:8080:80", "::1/8080:80"), ("8080-8082:80-82", "8080-8082:80-82"),
  ])
  func pastaPublishes(text: String, spec: String) throws {
    #expect(PastaDriver.specification(try PortMapping(parsing: text)) == spec)
  }

  @Test func pastaTakesTheUsersOptions() throws {
    let driver = PastaDriver(path: "/p", mapsHost: true)
    let order = try driver.order(
      context, ports: [PortMapping(hostPort: 53, containerPort: 53, transport: .udp)],
      options: ["-T", "5000", "--map-gw", "-4"])
    #expect(
      order.arguments == [
        "/p", "--config-net", "-t", "none", "-u", "53:53", "-U", "none", "--dns-forward",
        "169.254.1.1", "--map-guest-addr", "169.254.1.2", "--quiet", "-T", "5000", "-4", "--netns",
        "/run/user/1/netns/m",
      ])
    #expect(throws: NetworkingError.self) {
      try driver.order(context, ports: [], options: ["--netns", "/x"])
    }
  }

  @Test func slirpForwardsPortByPort() throws {
    let ports = [try PortMapping(parsing: "127.0.0.1:9000-9001:80-81")]
    #expect(
      try SlirpDriver.requests(ports) == [
        #"{"execute":"add_hostfwd","arguments":{"proto":"tcp","host_addr":"127.0.0.1","#
          + #""host_port":9000,"guest_addr":"10.0.2.100","guest_port":80}}"#,
        #"{"execute":"add_hostfwd","arguments":{"proto":"tcp","host_addr":"127.0.0.1","#
          + #""host_port":9001,"guest_addr":"10.0.2.100","guest_port":81}}"#,
      ])
  }

  @Test(arguments: ["80:80/sctp", "[::1]:80:80"])
  func slirpRefusesWhatItCannotForward(text: String) throws {
    let ports = [try PortMapping(parsing: text)]
    #expect(throws: NetworkingError.self) { try SlirpDriver.requests(ports) }
  }

  @Test(arguments: ["mtu=x", "mtu=1", "speed=9", "enable_ipv6=maybe", "outbound_addr=a/b"])
  func slirpRefusesBadOptions(option: String) {
    #expect(throws: NetworkingError.self) { try SlirpDriver.Options(parsing: [option]) }
  }

  @Test func aMissingHelperIsNamedWithItsPackage() {
    var empty = context
    empty.programDirectories = ["/nowhere"]
    #expect(throws: NetworkingError.helperMissing("pasta", package: "passt")) {
      try NetworkPlan(.automatic, ports: [], context: empty)
    }
    #expect(throws: NetworkingError.helperMissing("slirp4netns", package: "slirp4netns")) {
      try NetworkPlan(.slirp4netns(options: []), ports: [], context: empty)
    }
  }

  @Test(arguments: [NetworkMode.none, .container("a"), .namespace(path: "/n")])
  func portsNeedANetworkOfTheirOwn(mode: NetworkMode) throws {
    let ports = [try PortMapping(parsing: "80")]
    #expect(throws: NetworkingError.portsNeedPrivateNetwork(mode: mode.name)) {
      try NetworkPlan(mode, ports: ports, context: context)
    }
    let plan = try NetworkPlan(mode, ports: [], context: context)
    #expect(plan.helper == nil && plan.ports.isEmpty)
  }
}
