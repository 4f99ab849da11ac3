import ImageStore
import LinuxSystem
import Model
import OCISpec
import Testing

@Suite(.enabled(if: HelperRun.isPossible, "needs root or subordinate ids"))
struct RoundTripTests {
  private let helper: HelperRun

  init() throws { helper = try HelperRun() }

  private func importSample(_ name: String = "localhost/sample:1", compress: String? = nil) throws
    -> StoredImage
  {
    var path = try SampleRootfs.make(in: helper.scratch)
    if let compress {
      try HelperRun.run(compress, ["-f", "-k", path])
      path += compress == "gzip" ? ".gz" : compress == "xz" ? ".xz" : ".bz2"
    }
    let answer = try helper.run(
      .importRootfs(
        ImportRequest(
          path: path, reference: name,
          changes: ["CMD [\"/bin/tool\"]", "ENV A=1 B=\"two words\"", "EXPOSE 80", "USER 5"])))
    #expect(answer.error == nil)
    return try #require(try helper.store.find(name))
  }

  @Test(arguments: [nil, "gzip", "xz", "bzip2"]) func importsARootfs(compress: String?) throws {
    let image = try importSample(compress: compress)
    #expect(image.execution.command == ["/bin/tool"])
    #expect(image.execution.environment == ["A=1", "B=two words"])
    #expect(image.execution.exposedPorts == ["80/tcp"])
    #expect(image.execution.user == "5")
    let listing = try helper.listing(image)
    #expect(listing.contains("./bin/tool f 4755 5:6 10"))
    #expect(listing.contains("./bin/link l 777 5:6 4 tool"))
    #expect(try helper.leftovers() == [])
    #expect(
      FileTree.exists(
        "\(helper.store.layers.root)/\(helper.store.layers.shortLink(image.layers[0]))/etc"))
  }

  @Test(arguments: SaveRequest.Format.allCases) func loadsWhatItSaved(format: SaveRequest.Format)
    throws
  {
    let image = try importSample(compress: "gzip")
    let saved = "\(helper.scratch)/saved"
    #expect(
      try helper.run(.save(SaveRequest(images: ["sample:1"], format: format, path: saved))).error
        == nil)
    let other = try HelperRun()
    let answer = try other.run(.load(LoadRequest(path: saved)))
    #expect(answer.error == nil)
    #expect(answer.result?.images.map(\.id) == [image.id])
    let hasNames = format != .dockerDirectory
    #expect(answer.result?.images.map(\.names) == [hasNames ? ["localhost/sample:1"] : []])
    let loaded = try #require(try other.store.find(id: image.id))
    #expect(try other.listing(loaded) == helper.listing(image))
    #expect(try other.leftovers() == [])
  }

  @Test(
    .enabled(if: HelperRun.has("skopeo"), "skopeo is the peer"),
    arguments: [
      (SaveRequest.Format.dockerArchive, "docker-archive"), (.ociArchive, "oci-archive"),
      (.ociDirectory, "oci"), (.dockerDirectory, "dir"),
    ]) func exchangesWithSkopeo(format: SaveRequest.Format, transport: String) throws
  {
    let image = try importSample(compress: "gzip")
    let saved = "\(helper.scratch)/saved"
    _ = try helper.run(.save(SaveRequest(images: ["sample:1"], format: format, path: saved)))
    for peer in ["docker-archive", "oci-archive", "oci", "dir"] {
      let copy = "\(helper.scratch)/\(peer)-copy"
      let answer = try HelperRun.run(
        "skopeo", ["copy", "\(transport):\(saved)", "\(peer):\(copy)"])
      #expect(answer.status == 0, "\(answer.output)")
      let other = try HelperRun()
      let loaded = try other.run(.load(LoadRequest(path: copy)))
      #expect(loaded.error == nil, "\(peer)")
      let found = try #require(try other.store.list().first)
      #expect(found.layers == image.layers, "\(peer)")
      #expect(try other.listing(found) == helper.listing(image), "\(peer)")
    }
  }

  @Test func savesAllNamesOfSeveralImages() throws {
    let first = try importSample()
    try helper.store.tag(first, try ImageReference("localhost/second:2"))
    let saved = "\(helper.scratch)/saved.tar"
    let request = SaveRequest(
      images: ["sample:1", "second:2"], format: .dockerArchive, path: saved)
    #expect(try helper.run(.save(request)).error == nil)
    let other = try HelperRun()
    let images = try other.run(.load(LoadRequest(path: saved))).result?.images
    #expect(images?.map(\.names) == [["localhost/sample:1", "localhost/second:2"]])
  }

  @Test func refusesAnArchiveWithAChangedLayer() throws {
    _ = try importSample()
    let saved = "\(helper.scratch)/saved"
    _ = try helper.run(
      .save(SaveRequest(images: ["sample:1"], format: .ociDirectory, path: saved)))
    for name in try FileTree.list("\(saved)/blobs/sha256") {
      let path = "\(saved)/blobs/sha256/\(name)"
      var bytes = try FileTree.read(path)
      if bytes.count < 5_000 { continue }
      bytes[bytes.count / 2] ^= 1
      try FileTree.unlink(path)
      let file = try OwnedDescriptor.open(path, [.writeOnly, .create])
      try Descriptor.writeAll(file.raw, bytes)
    }
    let other = try HelperRun()
    let answer = try other.run(.load(LoadRequest(path: saved)))
    #expect(answer.status == 1)
    #expect(answer.error?.message.contains("digest") == true)
    #expect(try other.store.list() == [])
    #expect(try other.leftovers() == [])
  }

  @Test func collectsOnlyWhatNobodyNeeds() throws {
    let image = try importSample()
    try FileTree.ensureDirectory(
      "\(helper.data)/layers/ingest-\(String(repeating: "0", count: 64))")
    try FileTree.ensureDirectory("\(helper.data)/images/ingest/load-dead")
    let before = try helper.listing(image)
    #expect(try helper.run(.collect(CollectRequest())).error == nil)
    #expect(try helper.listing(image) == before)
    #expect(try helper.leftovers() == [])
    _ = try helper.store.remove("sample:1")
    // A container still stands on the layer.
    _ = try helper.run(.collect(CollectRequest(layersInUse: image.layers)))
    #expect(helper.store.layers.contains(image.layers[0]))
    // One has come that whoever asks knows nothing of: it may need what he does not name.
    let other = String(repeating: "c", count: 64)
    try FileTree.ensureDirectory("\(helper.data)/containers/\(other)")
    var request = CollectRequest()
    request.containers = []
    #expect(try helper.run(.collect(request)).result?.isStale == true)
    #expect(helper.store.layers.contains(image.layers[0]))
    request.containers = [other]
    let freed = try helper.run(.collect(request)).result?.freed ?? 0
    #expect(freed > 0)
    #expect(!helper.store.layers.contains(image.layers[0]))
    #expect(try helper.store.blobs.list() == [])
    #expect(try FileTree.list("\(helper.data)/layers/l") == [])
  }

  @Test func copiesAnImageForAnotherMapping() throws {
    let image = try importSample()
    let ranges = [
      RemapRequest.Range(image: 0, target: 100, length: 5),
      RemapRequest.Range(image: 5, target: 1_000, length: 10),
    ]
    let answer = try helper.run(
      .remap(
        RemapRequest(image: "\(image.id)", mapName: "m-1", uids: ranges, gids: ranges)))
    #expect(answer.error == nil)
    let path = try #require(answer.result?.path)
    let listing = try HelperRun.run(
      "find", [path, "-printf", "%P %m %U:%G %n\n"], inNamespace: true
    ).output
    #expect(listing.contains("bin/tool 4755 1000:1001 2\n"))
    #expect(listing.contains("bin/hard 4755 1000:1001 2\n"))
    #expect(listing.contains("bin/link 777 1000:1001 1\n"))
    let unmapped = try helper.run(
      .remap(RemapRequest(image: "\(image.id)", mapName: "m-2", uids: [], gids: ranges)))
    #expect(unmapped.error?.kind == .notPermitted)
    #expect(try FileTree.list("\(helper.data)/layers/mapped").count == 1)
  }

  /// What is to be found of a copy is its mark; `text` nil: it was lost.
  @Test(
    arguments: [
      (nil, false), ("", false), (String(repeating: "\0", count: 64), false),
      ("11111111-2222-3333-4444-555555555555", false), ("durable", true), (BootID.current, true),
    ] as [(String?, Bool)])
  func copiesCountFromThisBootOrWhenFlushed(text: String?, isKept: Bool) throws {
    let image = try importSample()
    let all = [RemapRequest.Range(image: 0, target: 0, length: 9_000)]
    let request = HelperRequest.Operation.remap(
      RemapRequest(image: "\(image.id)", mapName: "m-1", uids: all, gids: all))
    let path = try #require(try helper.run(request).result?.path)
    let copy = String(path.dropLast("/diff".utf8.count))
    #expect(MappedMark(copy).isUsable)
    // The flush is somebody else's.
    for _ in 0..<1_000 where !MappedMark(copy).isDurable { try Clock.pause(milliseconds: 20) }
    #expect(MappedMark(copy).isDurable)

    try FileTree.write("\(path)/own", "x")
    try FileTree.unlinkIfPresent("\(copy)/mark")
    if let text {
      let isWord = !text.isEmpty && !text.hasPrefix("\0")
      let rest = isWord ? String(repeating: " ", count: 63 - text.utf8.count) + "\n" : ""
      try FileTree.write("\(copy)/mark", text + rest)
    }
    #expect(MappedMark(copy).isUsable == isKept)
    #expect(try helper.run(request).result?.path == path)
    #expect(FileTree.exists("\(path)/own") == isKept)
    #expect(FileTree.exists("\(path)/bin/tool"))
    #expect(MappedMark(copy).isUsable)
    #expect(try helper.leftovers() == [])
  }

  @Test func removesOnlyBelowItsData() throws {
    try FileTree.ensureDirectory("\(helper.data)/containers/x/diff")
    try FileTree.ensureDirectory("\(helper.scratch)/precious")
    for path in ["\(helper.scratch)/precious", "\(helper.data)/../precious", helper.data, "/", ""] {
      #expect(
        try helper.run(.removeTrees(RemoveTreesRequest(paths: [path]))).error?.kind == .bug,
        "\(path)")
    }
    #expect(FileTree.exists("\(helper.scratch)/precious"))
    let paths = ["\(helper.data)/containers/x", "\(helper.data)/containers/missing"]
    #expect(try helper.run(.removeTrees(RemoveTreesRequest(paths: paths))).error == nil)
    #expect(try FileTree.list("\(helper.data)/containers") == [])
  }
}
