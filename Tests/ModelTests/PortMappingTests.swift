import Model
import Testing

@Suite struct PortMappingTests {
  @Test(
    arguments: [
      ("80", nil, nil, 80, 1, "tcp", "80/tcp"), ("8080:80", nil, 8080, 80, 1, "tcp", "8080:80/tcp"),
      ("8080:80/udp", nil, 8080, 80, 1, "udp", "8080:80/udp"),
      ("127.0.0.1:8080:80", "127.0.0.1", 8080, 80, 1, "tcp", "127.0.0.1:8080:80/tcp"),
      ("127.0.0.1::80", "127.0.0.1", nil, 80, 1, "tcp", "127.0.0.1::80/tcp"),
      ("[::1]:8080:80", "::1", 8080, 80, 1, "tcp", "[::1]:8080:80/tcp"),
      ("[2001:db8:0:0::1]::53/UDP", "2001:db8::1", nil, 53, 1, "udp", "[2001:db8::1]::53/udp"),
      ("9000-9002:80-82/sctp", nil, 9000, 80, 3, "sctp", "9000-9002:80-82/sctp"),
      ("80-81", nil, nil, 80, 2, "tcp", "80-81/tcp"), (":80", nil, nil, 80, 1, "tcp", "80/tcp"),
      ("65535:65535", nil, 65_535, 65_535, 1, "tcp", "65535:65535/tcp"),
    ] as [(String, String?, UInt16?, UInt16, UInt16, String, String)])
  func reads(
    text: String, address: String?, host: UInt16?, container: UInt16, count: UInt16,
    transport: String, spelled: String
  ) throws {
    let mapping = try PortMapping(parsing: text)
    #expect(mapping.hostAddress?.description == address)
    #expect(mapping.hostPort == host)
    #expect(mapping.containerPort == container)
    #expect(mapping.count == count)
    #expect(mapping.transport.rawValue == transport)
    #expect(mapping.description == spelled)
    #expect(try PortMapping(parsing: spelled) == mapping)
  }

  @Test(arguments: [
    ("", "cannot publish :  is not a port"), ("0", "cannot publish 0: 0 is not a port"),
    ("65536:80", "cannot publish 65536:80: 65536 is not a port"),
    ("80:80/icmp", "cannot publish 80:80/icmp: icmp is not a protocol"),
    ("1-2:80", "cannot publish 1-2:80: 2 host ports for 1 container ports"),
    ("90-80", "cannot publish 90-80: range 90-80 is backwards"),
    ("1.2.3:80:80", "cannot publish 1.2.3:80:80: 1.2.3 is not an IP address"),
    ("::1:80:80", "cannot publish ::1:80:80: it has too many fields"),
    ("[::1:80", "cannot publish [::1:80: the address in brackets has no end"),
    ("a", "cannot publish a: a is not a port"), ("8 0", "cannot publish 8 0: 8 0 is not a port"),
  ])
  func refuses(text: String, message: String) {
    #expect {
      try PortMapping(parsing: text)
    } throws: { error in
      (error as? ErrorReport)?.message == message
    }
  }

  @Test(arguments: [
    ("8080:80", "8080:81", true), ("8080:80", "8080:80/udp", false),
    ("8080-8090:80-90", "8085:1", true), ("8080:80", "8081:80", false),
    ("127.0.0.1:8080:80", "127.0.0.2:8080:80", false), ("127.0.0.1:8080:80", "8080:80", true),
    ("80", "80", false), ("0.0.0.0:1:1", "127.0.0.1:1:1", true),
  ])
  func seesOverlaps(first: String, second: String, overlap: Bool) throws {
    let mappings = try [PortMapping(parsing: first), PortMapping(parsing: second)]
    if overlap {
      #expect(throws: ErrorReport.self) { try PortMapping.checkOverlaps(mappings) }
    } else {
      try PortMapping.checkOverlaps(mappings)
    }
  }

  @Test(arguments: [
    ("127.0.0.1", "127.0.0.1"), ("::", "::"), ("::1", "::1"), ("1::", "1::"),
    ("2001:DB8::0:1", "2001:db8::1"), ("::ffff:192.0.2.1", "::ffff:c000:201"),
    ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
    ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"),
  ])
  func readsAndWritesAddresses(text: String, spelled: String) {
    #expect(IPAddress(text)?.description == spelled)
    #expect(IPAddress(spelled) == IPAddress(text))
  }

  @Test(arguments: [
    "", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", ":", ":::", "1:2", "::1::",
    "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "12345::", "g::", "fe80::1%eth0", "[1.2.3.4]", "[::1",
    "::1.2.3",
  ])
  func refusesOtherAddresses(text: String) { #expect(IPAddress(text) == nil) }
}
