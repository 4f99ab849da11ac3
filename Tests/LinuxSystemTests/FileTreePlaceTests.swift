import LinuxSystem
import Testing

/// Directories whose trees have nothing to do with one another.
struct FileTreePlaceTests {
  @Test func aPlaceIsMadeWithItsParentsAndMayBeThere() throws {
    let scratch = "/tmp/martlet-place-\(UInt64.random(in: 0...UInt64.max))"
    defer { try? FileTree.removeTree(scratch) }
    let path = "\(scratch)/some/where"
    for _ in 0..<2 {
      try FileTree.ensurePlace(path)
      let status = try FileStatus.of(path)
      #expect(status.kind == .directory)
      #expect(status.permissions == 0o700)
    }
    // ext4 (EXT4_SUPER_MAGIC, statfs(2)) has the attribute, other filesystems need not.
    let opened = try OwnedDescriptor.open(path, [.directory])
    guard try MountCall.filesystemMagic(opened.raw) == 0xEF53 else { return }
    guard let lsattr = Program.find("lsattr", in: Program.systemDirectories) else { return }
    let attributes = try Program(lsattr, ["-d", path]).run().text.prefix { $0 != " " }
    #expect(attributes.contains("T"))
  }
}
