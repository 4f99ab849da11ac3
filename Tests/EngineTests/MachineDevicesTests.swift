import LinuxSystem
import Testing

@testable import Engine

struct MachineDevicesTests {
  @Test func leavesOutWhatEveryContainerHas() {
    let found = MachineDevices(withTerminals: false, in: "/dev").found
    let names = Set(found.map(\.path))
    for name in ["null", "zero", "full", "random", "urandom", "tty", "console", "ptmx", "tty0"] {
      #expect(!names.contains("/dev/\(name)"))
    }
    #expect(!names.contains { $0.hasPrefix("/dev/pts/") })
    #expect(found.allSatisfy { [.characterDevice, .blockDevice].contains($0.status.kind) })
    #expect(found.map(\.path) == found.map(\.path).sorted())
  }

  @Test func looksIntoDirectories() throws {
    let all = MachineDevices(withTerminals: true, in: "/dev").found.map(\.path)
    if FileTree.exists("/dev/net/tun") { #expect(all.contains("/dev/net/tun")) }
    if FileTree.exists("/dev/tty1") { #expect(all.contains("/dev/tty1")) }
  }
}
