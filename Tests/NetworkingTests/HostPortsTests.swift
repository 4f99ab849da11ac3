import LinuxSystem
import Model
import Networking
import Testing

@Suite struct HostPortsTests {
  @Test func choosesAFreePort() throws {
    let asked = try [
      PortMapping(parsing: "127.0.0.1::80"), PortMapping(parsing: "127.0.0.1::90-92/udp"),
    ]
    let resolved = try HostPorts.resolve(asked)
    #expect(resolved.map(\.containerPort) == [80, 90])
    #expect(resolved.allSatisfy { ($0.hostPort ?? 0) >= 1_024 })
  }

  @Test(arguments: [false, true])
  func refusesAPortInUse(datagram: Bool) throws {
    let taken = try InternetPort(address: [127, 0, 0, 1], port: 0, datagram: datagram)
    let mapping = PortMapping(
      hostAddress: IPAddress("127.0.0.1"), hostPort: taken.number, containerPort: 80,
      transport: datagram ? .udp : .tcp)
    let number = taken.number
    #expect(throws: NetworkingError.portInUse(mapping, port: number)) {
      try HostPorts.resolve([mapping])
    }
    _ = consume taken
    #expect(try HostPorts.resolve([mapping]) == [mapping])
  }

  @Test func refusesAnAddressThatIsNotTheHosts() throws {
    let mapping = try PortMapping(parsing: "192.0.2.77:8080:80")
    #expect(
      throws: NetworkingError.portUnavailable(
        mapping, reason: "the host does not have that address")
    ) { try HostPorts.resolve([mapping]) }
  }

  @Test func findsTheInterfaceOfTheBestDefaultRoute() {
    let header =
      "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
    let routes =
      header + "wlan0\t00000000\t010200C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
      + "eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
      + "down0\t00000000\t010200C0\t0002\t0\t0\t0\t00000000\t0\t0\t0\n"
      + "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
    #expect(NetworkInterfaces.defaultInterface(routes: routes) == "eth0")
    #expect(NetworkInterfaces.defaultInterface(routes: header) == nil)
  }

  @Test func knowsTheLoopbackAddress() {
    #expect(NetworkInterfaces.address(of: "lo") == [127, 0, 0, 1])
    #expect(NetworkInterfaces.address(of: "no-such-interface") == nil)
  }
}
