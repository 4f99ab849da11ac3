import Model
import Testing

@Suite struct PortMappingTests {
  @Test(
    arguments: [
      ("80", nil, nil, 80...80, "tcp"), ("8080:80", nil, 8080...8080, 80...80, "tcp"),
      ("8080:80/udp", nil, 8080...8080, 80...80, "udp"), (":80/TCP", nil, nil, 80...80, "tcp"),
      ("127.0.0.1:8080:80", "127.0.0.1", 8080...8080, 80...80, "tcp"),
      ("127.0.0.1::80", "127.0.0.1", nil, 80...80, "tcp"),
      ("[::1]:8080:80", "::1", 8080...8080, 80...80, "tcp"),
      ("[::1]::80", "::1", nil, 80...80, "tcp"),
      ("8000-8002:90-92", nil, 8000...8002, 90...92, "tcp"),
      ("90-92", nil, nil, 90...92, "tcp"),
      ("65535:65535", nil, 65535...65535, 65535...65535, "tcp"),
    ] as [(String, String?, ClosedRange<UInt16>?, ClosedRange<UInt16>, String)])
  func readsWhatDockerReads(
    text: String, ip: String?, host: ClosedRange<UInt16>?, container: ClosedRange<UInt16>,
    transport: String
  ) throws {
    let request = try PortRequest(text)
    #expect(request.hostIP?.description == ip)
    #expect(request.hostPorts == host)
    #expect(request.containerPorts == container)
    #expect(request.transport.rawValue == transport)
  }

  @Test(arguments: [
    ("", "no port specified"), ("8080:", "no port specified"), ("/tcp", "no port specified"),
    ("x", "invalid containerPort: x"), ("0", "invalid containerPort: 0"),
    ("65536", "invalid containerPort: 65536"), ("80:x", "invalid containerPort: x"),
    ("x:80", "invalid hostPort: x"), ("70000:80", "invalid hostPort: 70000"),
    ("80-70", "invalid containerPort: 80-70"), ("1-2-3", "invalid containerPort: 1-2-3"),
    ("1.2.3:80:80", "invalid IP address: 1.2.3"), ("80/icmp", "invalid proto: icmp"),
    ("80/sctp", "protocol sctp is not supported"),
    ("8000-8001:80", "invalid ranges specified for container and host ports: 80 and 8000-8001"),
    ("::1:80:80", "too many colons"), ("80\n", "invalid containerPort: 80\n"),
  ])
  func saysWhatIsWrong(text: String, reason: String) {
    let error = #expect(throws: ErrorReport.self) { try PortRequest(text) }
    #expect(error?.message == "invalid port mapping \"\(text)\": \(reason)")
  }

  @Test(arguments: [
    ("8080:80/tcp", "0.0.0.0:8080->80/tcp"),
    ("127.0.0.1:8080:80/udp", "127.0.0.1:8080->80/udp"),
    ("[::1]:8080:80/tcp", "[::1]:8080->80/tcp"),
  ])
  func readsItsOwnText(canonical: String, display: String) throws {
    let port = try #require(PortMapping(canonical: canonical))
    #expect(port.description == canonical)
    #expect(port.display == display)
  }

  @Test(arguments: ["80/tcp", "80-81:80-81/tcp", "", "a:b"])
  func refusesTextThatIsNotCanonical(text: String) {
    #expect(PortMapping(canonical: text) == nil)
  }

  @Test(arguments: [
    ("80:1/tcp", "80:2/tcp", true), ("80:1/tcp", "80:1/udp", false),
    ("80:1/tcp", "81:1/tcp", false),
    ("127.0.0.1:80:1/tcp", "80:1/tcp", true), ("127.0.0.1:80:1/tcp", "127.0.0.2:80:1/tcp", false),
    ("127.0.0.1:80:1/tcp", "0.0.0.0:80:1/tcp", true), ("[::1]:80:1/tcp", "0.0.0.0:80:1/tcp", false),
    ("[::1]:80:1/tcp", "[::]:80:1/tcp", true),
  ])
  func knowsWhatOverlaps(one: String, other: String, overlaps: Bool) throws {
    let one = try #require(PortMapping(canonical: one))
    let other = try #require(PortMapping(canonical: other))
    #expect(one.overlaps(other) == overlaps)
    #expect(other.overlaps(one) == overlaps)
  }
}
