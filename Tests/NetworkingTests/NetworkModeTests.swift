import Model
import Networking
import Testing

@Suite struct NetworkModeTests {
  @Test(arguments: [
    ("none", NetworkMode.none), ("host", .host), ("private", .automatic), ("", .automatic),
    ("pasta", .pasta(options: [])),
    ("pasta:-4,--mtu,1400", .pasta(options: ["-4", "--mtu", "1400"])),
    ("slirp4netns:mtu=1400", .slirp4netns(options: ["mtu=1400"])),
    ("container:db", .container("db")), ("ns:/run/netns/a", .namespace(path: "/run/netns/a")),
  ])
  func reads(text: String, mode: NetworkMode) throws {
    #expect(try NetworkMode(parsing: text) == mode)
  }

  @Test(arguments: [
    ("lan", NetworkingError.unknownMode("lan")),
    ("bridge", .unsupportedMode("bridge", use: "leave out --network to get a network of its own")),
    ("ns:netns", .badOption(driver: "ns", option: "netns", why: "it must be an absolute path")),
    ("container:", .badOption(driver: "container", option: "", why: "it must name a container")),
    ("host:x", .badOption(driver: "host", option: "x", why: "the mode takes no options")),
  ])
  func refuses(text: String, error: NetworkingError) {
    #expect(throws: error) { try NetworkMode(parsing: text) }
    #expect(!error.report.message.isEmpty)
  }

  @Test func everyErrorSaysWhatAndWhereItCanTheFix() throws {
    let mapping = try PortMapping(parsing: "80:80")
    let reports = [
      NetworkingError.helperMissing("pasta", package: "passt"),
      .portNotPermitted(mapping, port: 80), .portInUse(mapping, port: 80),
    ].map(\.report)
    #expect(
      reports.map(\.message) == [
        "pasta is not installed, so the container cannot have a network",
        "cannot publish 80:80/tcp: port 80 needs privileges",
        "cannot publish 80:80/tcp: port 80 of the host is in use",
      ])
    #expect(
      reports.map(\.hint) == [
        "apt install passt, or use --network none or --network host",
        "use a port from 1024 up, or run as root: sysctl net.ipv4.ip_unprivileged_port_start=80",
        "choose another host port, or leave it out to get a free one",
      ])
  }
}
