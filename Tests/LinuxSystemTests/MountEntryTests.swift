import Testing

@testable import LinuxSystem

struct MountEntryTests {
  @Test(
    arguments: [
      ("36 35 98:0 / /mnt rw,noatime master:1 - ext4 /dev/root rw", 36, "/mnt", "ext4"),
      (
        "7 1 0:5 /a /with\\040blank\\011tab\\134 rw - proc proc rw", 7, "/with blank\ttab\\", "proc"
      ),
      ("8 1 0:5 / /x rw shared:1 master:2 - sysfs sysfs rw", 8, "/x", "sysfs"),
    ] as [(line: String, id: UInt64, place: String, type: String)])
  func readsALine(line: String, id: UInt64, place: String, type: String) throws {
    let entry = try #require(MountEntry(line[...]))
    #expect(entry.id == id)
    #expect(entry.place == place)
    #expect(entry.type == type)
  }

  @Test(arguments: ["", "36 35 98:0 / /mnt rw", "x 35 98:0 / /mnt rw - ext4 /dev/root rw"])
  func skipsWhatIsNoMount(line: String) { #expect(MountEntry(line[...]) == nil) }

  @Test func listsWhatThisProcessSees() throws {
    #expect(try MountEntry.list().contains { $0.place == "/proc" && $0.type == "proc" })
    let proc = try OwnedDescriptor.open("/proc", [.path, .directory])
    #expect(try MountEntry.list(proc: proc.raw) == MountEntry.list())
  }
}
