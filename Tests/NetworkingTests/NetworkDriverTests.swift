import Model
import Testing

@testable import Networking

@Suite struct NetworkDriverTests {
  private func ports(_ texts: [String]) throws -> [PortMapping] {
    try texts.map { try #require(PortMapping(canonical: $0)) }
  }

  private func pasta(_ options: [String] = [], new: Bool = true, _ texts: [String] = []) throws
    -> PastaDriver
  {
    PastaDriver(
      program: "/usr/bin/pasta", features: PastaFeatures(mapsGuestAddress: new), options: options,
      ports: try ports(texts))
  }

  private func arguments(_ driver: PastaDriver, isMachineRoot: Bool = false) -> String {
    driver.order(namespace: "/r/netns", isMachineRoot: isMachineRoot)
      .arguments.joined(separator: " ")
  }

  @Test func closesEveryWayToTheHostByDefault() throws {
    #expect(
      try arguments(pasta(new: false))
        == "/usr/bin/pasta --config-net -t none -u none -T none -U none --no-map-gw --dns-forward 169.254.1.1 --quiet --netns /r/netns"
    )
  }

  @Test(arguments: [
    ([], "--map-guest-addr 169.254.1.2"), (["--map-gw"], "-U none --dns-forward"),
    (["-T", "8080"], "-u none -U none"), (["--tcp-ns=8080"], "-u none -U none"),
    (["-t", "auto"], "--config-net -u none"),
    (["--dns-forward", "192.0.2.1"], "--no-map-gw --map"),
    (["--debug"], "169.254.1.2 --debug --netns"),
  ])
  func givesWayToTheUsersOptions(options: [String], part: String) throws {
    #expect(try arguments(pasta(options)).contains(part))
  }

  @Test func neverPassesOnItsOwnWordForTheGateway() throws {
    #expect(try !arguments(pasta(["--map-gw"])).contains("map-gw"))
  }

  @Test func staysRootOfTheMachine() throws {
    #expect(try arguments(pasta(), isMachineRoot: true).contains("--runas 0"))
  }

  @Test(arguments: [
    (["8080:80/tcp"], ["8080:80"]), (["127.0.0.1:8080:80/tcp"], ["127.0.0.1/8080:80"]),
    (["[::1]:8080:80/tcp"], ["::1/8080:80"]),
    (
      ["8000:90/tcp", "8001:91/tcp", "8002:92/tcp", "8004:94/tcp"], ["8000-8002:90-92", "8004:94"]
    ),
    (["8000:90/tcp", "127.0.0.1:8001:91/tcp"], ["8000:90", "127.0.0.1/8001:91"]),
    (["8000:90/tcp", "8001:90/tcp"], ["8000:90", "8001:90"]),
    (["65535:1/tcp"], ["65535:1"]),
  ])
  func writesPortsAsPastaReadsThem(texts: [String], specs: [String]) throws {
    #expect(PastaDriver.specs(try ports(texts)) == specs)
  }

  @Test func keepsProtocolsApart() throws {
    #expect(
      try arguments(pasta(new: false, ["53:53/udp", "80:80/tcp"])).contains("-t 80:80 -u 53:53"))
  }

  @Test(
    arguments: [
      ([], true, "169.254.1.2"), ([], false, nil),
      (["--map-guest-addr", "192.0.2.9"], true, "192.0.2.9"),
    ] as [([String], Bool, String?)])
  func knowsWhereTheHostIs(options: [String], new: Bool, address: String?) throws {
    #expect(try pasta(options, new: new).hostAddress?.description == address)
  }

  @Test func asksSlirpForEachPort() throws {
    let driver = try SlirpDriver(
      program: "/usr/bin/slirp4netns", options: SlirpOptions(),
      ports: ports(["8080:80/tcp", "127.0.0.1:53:53/udp"]))
    let order = try driver.order(namespace: "/proc/9/fd/6", runDirectory: "/r")
    #expect(order.apiSocket == "/r/net")
    #expect(order.readiness == .descriptor(3) && order.exitDescriptor == 4)
    #expect(
      order.requests == [
        #"{"execute":"add_hostfwd","arguments":{"proto":"tcp","host_addr":"0.0.0.0","host_port":8080,"guest_addr":"10.0.2.100","guest_port":80}}"#,
        #"{"execute":"add_hostfwd","arguments":{"proto":"udp","host_addr":"127.0.0.1","host_port":53,"guest_addr":"10.0.2.100","guest_port":53}}"#,
      ])
    #expect(order.arguments.contains("--disable-host-loopback"))
    #expect(order.arguments.suffix(3) == ["--netns-type=path", "/proc/9/fd/6", "tap0"])
  }

  @Test func refusesWhatSlirpCannotDo() throws {
    let six = try ports(["[::1]:8080:80/tcp"])
    #expect(throws: NetworkError.self) {
      try SlirpDriver(program: "/s", options: SlirpOptions(), ports: six)
    }
    let driver = try SlirpDriver(
      program: "/s", options: SlirpOptions(), ports: ports(["8080:80/tcp"]))
    #expect(throws: NetworkError.self) {
      try driver.order(namespace: "/n", runDirectory: "/" + String(repeating: "x", count: 107))
    }
  }

  @Test(arguments: [
    ("abc--map-guest-addr", "map-guest", true), ("ab", "abc", false), ("", "a", false),
    ("aab", "ab", true), ("xaxbc", "bc", true), ("abx", "bc", false),
  ])
  func findsAWordInAProgram(bytes: String, word: String, isThere: Bool) {
    #expect(PastaFeatures.contains(Array(bytes.utf8), Array(word.utf8)) == isThere)
  }
}
