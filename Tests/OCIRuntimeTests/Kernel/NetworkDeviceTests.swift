import LinuxSystem
import OCISpec
import Testing

/// Devices of the host that move into a container; the host's namespace is one of the test's own.
@Suite(
  .enabled(if: RuntimeUnderTest.isUsable, "root, martlet-oci and busybox-static"),
  .enabled(if: Program.find("ip", in: Program.systemDirectories) != nil, "ip(8)"))
struct NetworkDeviceTests {
  static let setUp = """
    ip link add m0 type veth peer name m1 && ip link set m0 mtu 1400 address 00:11:22:33:44:55 &&
    ip address add 192.0.2.7/25 dev m0 && ip address add 2001:db8::7/64 dev m0 nodad &&
    ip address add 127.0.9.9/8 scope host dev m0 || exit 77
    """

  @Test(arguments: [(nil, "m0", false), ("inside0", "inside0", false), ("x0", "x0", true)])
  func devicesMoveWithTheirSettings(given: String?, name: String, userNamespace: Bool) throws {
    let bundle = try TestBundle()
    if userNamespace {
      bundle.addUserNamespace()
    }
    var device = RuntimeNetDevice()
    device.name = given
    bundle.spec.linux?.netDevices = ["m0": device]
    bundle.shell("busybox ip address show dev \(name)")
    let outcome = try bundle.alone("\(Self.setUp); \(try bundle.runCommand()); ip link show m0")
    // A kernel without veth devices.
    if outcome.status == 77 { return }
    for text in [
      "mtu 1400", ",UP", "00:11:22:33:44:55", "192.0.2.7/25", "2001:db8::7/64",
    ] {
      #expect(outcome.output.contains(text), "\(outcome.output) \(outcome.errors)")
    }
    #expect(!outcome.output.contains("127.0.9.9"))
    #expect(outcome.errors.contains("\"m0\" does not exist"), "\(outcome.errors)")
  }

  @Test func devicesMoveIntoANamespaceThatIsJoined() throws {
    let bundle = try TestBundle()
    var device = RuntimeNetDevice()
    device.name = "y0"
    bundle.spec.linux?.netDevices = ["m0": device]
    let place = "\(bundle.directory)/net"
    for index in bundle.spec.linux?.namespaces.indices ?? 0..<0
    where bundle.spec.linux?.namespaces[index].type == .network {
      bundle.spec.linux?.namespaces[index].path = place
    }
    bundle.shell("busybox ip -o address show dev y0")
    let outcome = try bundle.alone(
      """
      \(Self.setUp); touch \(place) && unshare --net=\(place) true &&
      \(try bundle.runCommand()); nsenter --net=\(place) ip -o link show y0; umount \(place)
      """)
    if outcome.status == 77 { return }
    #expect(outcome.output.contains("192.0.2.7/25"), "\(outcome.errors)")
    #expect(outcome.output.contains("00:11:22:33:44:55"), "\(outcome.errors)")
  }

  @Test(arguments: [
    ("missing0", nil, true, "missing0"), ("m0", nil, false, "shares the caller's network"),
    ("m0", "lo", true, "xists"), ("m0", "a/b", true, "is no interface's name"),
  ])
  func refusesWhatCannotMove(name: String, target: String?, isolated: Bool, text: String) throws {
    let bundle = try TestBundle()
    var device = RuntimeNetDevice()
    device.name = target
    bundle.spec.linux?.netDevices = [name: device]
    if !isolated { bundle.spec.linux?.namespaces.removeAll { $0.type == .network } }
    bundle.shell("echo ran")
    let outcome = try bundle.alone("\(Self.setUp); \(try bundle.runCommand())")
    if outcome.status == 77 { return }
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains(text), "\(outcome.errors)")
  }

  @Test func refusesUsersWithoutTheHostsRights() throws {
    let bundle = try TestBundle(inNamespace: true)
    bundle.spec.linux?.netDevices = ["lo": RuntimeNetDevice()]
    bundle.shell("echo ran")
    let outcome = try bundle.run()
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("needs root on the host"), "\(outcome.errors)")
  }
}

extension TestBundle {
  /// Runs a script in network and mount namespaces of its own.
  fileprivate func alone(_ script: String) throws -> CommandOutcome {
    try host(script, in: ["/usr/bin/unshare", "--net", "--mount"])
  }
}
