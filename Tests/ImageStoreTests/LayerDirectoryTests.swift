import ImageStore
import LinuxSystem
import Model
import StateStore
import Testing

@Suite struct LayerDirectoryTests {
  /// A record that does not say so was written before anybody looked.
  @Test func whatIsNotSaidOfAttributesIsThatThereMayBeSome() throws {
    let data = "/tmp/martlet-layers-\(try RandomName.make())"
    defer { try? FileTree.removeTree(data) }
    let chain = try Digest("sha256:\(String(repeating: "a", count: 64))")
    let layers = LayerDirectory(data: data)
    try FileTree.ensureDirectory(layers.path(chain))
    let directory = RecordStore(layers.path(chain))
    var layer = StoredLayer(diffID: chain, parent: nil, size: 1, tarSize: 2, isOpaque: false)
    try directory.write(LayerDirectory.recordName, layer.record)
    #expect(try directory.find(LayerDirectory.recordName)?["attributes"] == nil)
    #expect(try layers.find(chain)?.hasAttributes == true)
    layer.hasAttributes = false
    try directory.write(LayerDirectory.recordName, layer.record)
    #expect(try layers.find(chain) == layer)
  }

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
