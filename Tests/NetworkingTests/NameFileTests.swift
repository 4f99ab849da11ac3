import Model
import Networking
import Testing

@Suite struct NameFileTests {
  static let host = """
    # made by somebody
    domain old.example
    search a.example b.example
    nameserver 127.0.0.53
    nameserver ::1
    nameserver 192.0.2.53
    nameserver fe80::1%eth0
    options edns0 trust-ad

    """

  @Test func aNamespaceOfItsOwnAsksTheForwarderFirst() throws {
    let config = try ResolverConfig(
      host: Self.host, request: .init(), forwarder: IPAddress("169.254.1.1"),
      sharesHostNetwork: false)
    #expect(
      config.text == """
        search a.example b.example
        nameserver 169.254.1.1
        nameserver 192.0.2.53
        options edns0 trust-ad

        """)
  }

  @Test func theHostsNetworkKeepsTheHostsServers() throws {
    let config = try ResolverConfig(
      host: Self.host, request: .init(search: ["."]), forwarder: nil, sharesHostNetwork: true)
    #expect(config.servers == ["127.0.0.53", "::1", "192.0.2.53", "fe80::1%eth0"])
    #expect(config.search == [])
  }

  @Test func theUsersValuesReplaceTheHosts() throws {
    let config = try ResolverConfig(
      host: Self.host,
      request: .init(servers: ["192.0.2.1"], search: ["x.example"], options: ["ndots:2"]),
      forwarder: IPAddress("169.254.1.1"), sharesHostNetwork: false)
    #expect(config.text == "search x.example\nnameserver 192.0.2.1\noptions ndots:2\n")
  }

  @Test(arguments: [
    ResolverConfig.Request(servers: ["dns.example"]),
    .init(servers: ["1.1.1.1\nnameserver 6.6.6.6"]),
    .init(search: ["a\nnameserver 6.6.6.6"]), .init(options: ["a b"]), .init(options: [""]),
  ])
  func valuesThatWouldStartALineAreRefused(request: ResolverConfig.Request) {
    #expect(throws: NetworkingError.self) {
      try ResolverConfig(host: "", request: request, forwarder: nil, sharesHostNetwork: false)
    }
  }

  @Test func hostsFileNamesItselfAndTheHost() throws {
    let file = try HostsFile(
      additions: ["db;db.example:192.0.2.7", "six:2001:db8::7", "gw:host-gateway"],
      ownNames: ["web", "web-1", "web"], ownAddress: IPAddress("10.0.2.100"),
      hostAddress: IPAddress("10.0.2.2"))
    #expect(
      file.text == """
        192.0.2.7\tdb db.example
        2001:db8::7\tsix
        10.0.2.2\tgw
        127.0.0.1\tlocalhost
        ::1\tlocalhost ip6-localhost ip6-loopback
        10.0.2.2\thost.containers.internal host.docker.internal
        10.0.2.100\tweb web-1

        """)
  }

  @Test(arguments: [
    "db", "db:", "db:nowhere", ":1.2.3.4", "a b:1.2.3.4", "a\n6.6.6.6 b:1.2.3.4", "a;:1.2.3.4",
    "gw:host-gateway", "#a:1.2.3.4",
  ])
  func refusesBadEntries(text: String) {
    #expect(throws: NetworkingError.self) {
      try HostsFile(additions: [text], ownNames: [], ownAddress: nil, hostAddress: nil)
    }
  }
}
