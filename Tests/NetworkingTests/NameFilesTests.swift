import Model
import Testing

@testable import Networking

@Suite struct NameFilesTests {
  private func wishes(_ servers: [String] = [], _ search: [String] = [], _ options: [String] = [])
    throws -> ResolverConfig.Wishes
  {
    try ResolverConfig.Wishes(servers: servers, search: search, options: options)
  }

  @Test(arguments: [
    ("nameserver 192.0.2.53", "nameserver 169.254.1.1\nnameserver 192.0.2.53\n"),
    ("nameserver 127.0.0.53\noptions edns0", "nameserver 169.254.1.1\noptions edns0\n"),
    ("nameserver fd00::53", "nameserver fd00::53\n"),
    ("nameserver fe80::1%eth0\n# x\n;y", "nameserver fe80::1%eth0\n"),
    ("", "nameserver 169.254.1.1\n"),
    ("domain a.example\nsearch b.example c\n", "search b.example c\nnameserver 169.254.1.1\n"),
    ("nameserver bad\nnameserver", "nameserver 169.254.1.1\n"),
  ])
  func putsTheForwarderBeforeWhatCanBeReached(host: String, text: String) throws {
    let config = ResolverConfig(parsing: host)
    #expect(config.adapted(to: try wishes(), forwarder: IPAddress(169, 254, 1, 1)).text == text)
  }

  @Test(arguments: [
    (["192.0.2.1"], [], [], "search h\nnameserver 192.0.2.1\noptions o\n"),
    ([], ["."], [], "nameserver 127.0.0.1\noptions o\n"),
    ([], ["a", "b"], ["ndots:2"], "search a b\nnameserver 127.0.0.1\noptions ndots:2\n"),
  ])
  func takesWishesOverTheHosts(
    servers: [String], search: [String], options: [String], text: String
  ) throws {
    let host = ResolverConfig(parsing: "search h\nnameserver 127.0.0.1\noptions o\n")
    #expect(
      host.adapted(to: try wishes(servers, search, options), keepsLoopback: true).text == text)
  }

  @Test(arguments: [
    (["x"], []), (["192.0.2.1\nnameserver 192.0.2.2"], []), ([], ["a\nnameserver 192.0.2.2"]),
    ([], ["a b"]), ([], [""]),
  ])
  func refusesWhatWouldBeMoreThanAWord(servers: [String], search: [String]) {
    #expect(throws: NetworkError.self) { try wishes(servers, search) }
  }

  @Test(
    arguments: [
      ("web:192.0.2.1", ["web"], "192.0.2.1"), ("a;b:192.0.2.1", ["a", "b"], "192.0.2.1"),
      ("v6:2001:db8::1", ["v6"], "2001:db8::1"), ("v6:[::1]", ["v6"], "::1"),
      ("me:host-gateway", ["me"], nil), ("web=192.0.2.1", ["web"], "192.0.2.1"),
    ] as [(String, [String], String?)])
  func readsAddedHosts(text: String, names: [String], address: String?) throws {
    let host = try HostsFile.AddedHost(text)
    #expect(host.names == names)
    #expect(host.address?.description == address)
  }

  @Test(arguments: [
    "web", "web:", ":192.0.2.1", "a;:192.0.2.1", "a b:192.0.2.1", "a\nb:192.0.2.1", "a:1.2.3",
  ])
  func refusesAddedHosts(text: String) {
    #expect(throws: NetworkError.self) { try HostsFile.AddedHost(text) }
  }

  @Test func answersWithTheContainersOwnNamesFirst() throws {
    let file = HostsFile(
      base: "127.0.0.1 localhost vm # x\n::1 localhost\n192.0.2.7 db\nbad line\n192.0.2.8 web\n",
      added: [try HostsFile.AddedHost("db:host-gateway")], host: IPAddress(10, 0, 2, 2),
      own: HostsFile.Entry(IPAddress(10, 0, 2, 100), ["box", "web"]))
    #expect(
      try file.text()
        == "10.0.2.2\tdb\n127.0.0.1\tlocalhost localhost.localdomain\n::1\tlocalhost localhost.localdomain\n10.0.2.100\tbox web\n10.0.2.2\thost.containers.internal host.docker.internal\n127.0.0.1\tvm\n"
    )
  }

  @Test func refusesAGatewayThatIsNotThere() throws {
    let file = HostsFile(
      base: "", added: [try HostsFile.AddedHost("a:host-gateway")], host: nil, own: nil)
    #expect(throws: NetworkError.self) { try file.text() }
  }
}
