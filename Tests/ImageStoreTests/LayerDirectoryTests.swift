import ImageStore
import LinuxSystem
import StateStore
import Testing

@Suite struct LayerDirectoryTests {
  @Test func aFreshPlaceIsMadeWithItsParentsAndNothingElse() throws {
    let scratch = "/tmp/martlet-layers-\(try RandomName.make())"
    defer { try? FileTree.removeTree(scratch) }
    let path = "\(scratch)/layers/ingest-abc"
    try LayerDirectory.makeFresh(path)
    #expect(try FileStatus.of(path).permissions == 0o700)
    #expect(try FileTree.list("\(scratch)/layers") == ["ingest-abc"])
    #expect(try FileTree.list(path).isEmpty)
    // What somebody has put there meanwhile is not lost.
    try FileTree.makeDirectory("\(path)/diff")
    #expect(throws: SystemError.self) { try LayerDirectory.makeFresh(path) }
    #expect(try FileTree.list(path) == ["diff"])
    #expect(try FileTree.list("\(scratch)/layers") == ["ingest-abc"])
  }
}
