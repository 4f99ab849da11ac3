import LinuxSystem
import OCISpec

/// A network device of the host that moves into the container (config-linux.md#network-devices).
struct NetworkDevicePlan: Equatable, Sendable {
  var name: String
  /// Its name in the container.
  var target: String

  /// All of a configuration, in the order of their names.
  static func plans(
    _ devices: [String: RuntimeNetDevice], hasNamespace: Bool, isHostRoot: Bool
  ) throws(RuntimeError) -> [Self] {
    var plans: [Self] = []
    for (name, device) in devices.sorted(by: { $0.key < $1.key }) {
      let field = "linux.netDevices.\(name)"
      guard hasNamespace else {
        throw .unusable(field: field, "the container shares the caller's network namespace")
      }
      guard isHostRoot else {
        throw .unusable(field: field, "moving a network device needs root on the host")
      }
      let target = device.name.flatMap { $0.isEmpty ? nil : $0 } ?? name
      guard isName(name), isName(target) else {
        throw .unusable(field: field, "`\(isName(name) ? target : name)` is no interface's name")
      }
      guard !plans.contains(where: { $0.target == target }) else {
        throw .unusable(field: field, "two devices would be named `\(target)`")
      }
      plans.append(Self(name: name, target: target))
    }
    return plans
  }

  /// What the kernel takes (dev_valid_name), and no pattern such as `eth%d`.
  private static func isName(_ text: String) -> Bool {
    (1...15).contains(text.utf8.count) && text != "." && text != ".."
      && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x2F && $0 != 0x3A && $0 != 0x25 && $0 != 0x7F }
  }

  /// Moves the device, with the addresses that hold outside this host too, and brings it up.
  func move(to namespace: Int32) throws(RuntimeError) {
    try during("move network device `\(name)`") { () throws(SystemError) in
      let device = try NetworkDevice(name)
      let addresses = try device.addresses()
      try device.move(to: namespace, as: target)
      let pair = try MessageChannel.pair()
      let (name, theirs) = (target, pair.second.descriptor.raw)
      // Only a child: this process stays in its own namespace.
      let child = try ChildProcess.spawn {
        do throws(SystemError) {
          try Namespace.network.join(namespace)
          let device = try NetworkDevice(name)
          for address in addresses { try device.add(address) }
          try device.bringUp()
          return 0
        } catch {
          try? Descriptor.writeAll(theirs, Array("\(error.errno)".utf8))
          return 1
        }
      }
      guard try child.wait() != .exited(0) else { return }
      let errno = Int32(String(decoding: try pair.first.receive().message, as: UTF8.self))
      throw SystemError("configure network device", name, errno: errno ?? Errno.ioError)
    }
  }
}
