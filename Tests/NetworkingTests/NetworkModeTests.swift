import Model
import Testing

@testable import Networking

@Suite struct NetworkModeTests {
  @Test(
    arguments: [
      ("", .automatic), ("default", .automatic), ("private", .automatic), ("none", .none),
      ("host", .host), ("pasta", .pasta([])), ("pasta:-T,8080", .pasta(["-T", "8080"])),
      ("slirp4netns", .slirp(SlirpOptions())), ("container:web", .container("web")),
      ("ns:/run/netns/x", .path("/run/netns/x")),
    ] as [(String, NetworkMode)])
  func readsModes(text: String, mode: NetworkMode) throws {
    #expect(try NetworkMode(text) == mode)
  }

  @Test(arguments: [
    ("bridge", "network \"bridge\" is not supported: there are no named networks"),
    ("mynet", "network \"mynet\" is not supported: there are no named networks"),
    ("container:", "invalid network \"container:\": write container:NAME"),
    ("ns:relative", "invalid network \"ns:relative\": the path of a namespace must be absolute"),
    ("none:x", "invalid network \"none:x\": none takes no options"),
    ("pasta:x", "invalid network \"pasta:x\": write options as pasta:--option,value,…"),
    ("pasta:--netns,/x", "invalid network option \"--netns\": it is Martlet's own to choose"),
    ("pasta:--pid=/x", "invalid network option \"--pid=/x\": it is Martlet's own to choose"),
    ("slirp4netns:nope=1", "unknown option \"nope\" of network mode slirp4netns"),
    ("slirp4netns:mtu=9", "invalid network option \"mtu=9\": write a number from 68 to 65521"),
    ("slirp4netns:mtu", "invalid network option \"mtu\": write NAME=VALUE"),
    (
      "slirp4netns:cidr=10.0.0.0/26",
      "invalid network option \"cidr=10.0.0.0/26\": write an IPv4 network of 8 to 25 bits"
    ),
    (
      "slirp4netns:outbound_addr=-x",
      "invalid network option \"outbound_addr=-x\": write an address or a network device"
    ),
    ("ns:/a\nb", "invalid network \"ns:/ab\": control characters"),
  ])
  func saysWhatIsWrong(text: String, message: String) {
    let error = #expect(throws: NetworkError.self) { try NetworkMode(text) }
    #expect(error?.report.message == message)
  }

  @Test func readsOptionsOfSlirp() throws {
    let text = "slirp4netns:allow_host_loopback=true,mtu=1500,cidr=10.9.8.7/16,enable_ipv6=false"
    guard case .slirp(let options) = try NetworkMode(text) else {
      Issue.record("another mode")
      return
    }
    #expect(options.allowsHostLoopback && !options.enablesVersion6 && options.mtu == 1500)
    #expect(options.container == IPAddress(10, 9, 0, 100))
    #expect(options.host == IPAddress(10, 9, 0, 2))
    #expect(options.nameServer == IPAddress(10, 9, 0, 3))
  }

  @Test(arguments: [
    (["pasta", "slirp4netns"], NetworkMode.pasta([])),
    (["slirp4netns"], .slirp(SlirpOptions())),
  ])
  func takesWhatIsInstalled(programs: [String], mode: NetworkMode) throws {
    #expect(try NetworkMode("").resolved { programs.contains($0) ? $0 : nil } == mode)
  }

  @Test(arguments: ["", "pasta", "slirp4netns"])
  func namesThePackageToInstall(text: String) throws {
    let mode = try NetworkMode(text)
    let error = #expect(throws: NetworkError.self) { try mode.resolved { _ in nil } }
    #expect(error?.report.hint?.contains("apt-get install") == true)
  }

  @Test(arguments: ["none", "host", "ns:/x", "container:x"])
  func needsNoProgramWithoutANetworkOfItsOwn(text: String) throws {
    let mode = try NetworkMode(text)
    #expect(try mode.resolved { _ in nil } == mode)
  }
}
