import LayerArchive
import LinuxSystem
import Testing

@Suite struct LayerUnpackerTests {
  private let scratch: Scratch
  private let target: String

  init() throws {
    scratch = try Scratch()
    target = try scratch.directory("target")
  }

  private func entry(_ path: String, _ kind: TarEntry.Kind = .file, size: Int64 = 0) throws
    -> TarEntry
  {
    TarEntry(
      try #require(RawPath(path)), kind, permissions: kind == .directory ? 0o755 : 0o640,
      uid: CurrentProcess.effectiveUser, gid: CurrentProcess.effectiveGroup,
      modified: 1_600_000_000_123_456_789, size: size)
  }

  private func unpack(_ entries: [(TarEntry, String)]) throws -> LayerUnpacker.Summary {
    let bytes = try Unpacking.archive { (writer) throws(ArchiveError) in
      for (entry, data) in entries { try writer.add(entry, Array(data.utf8)) }
    }
    return try Unpacking.run(MemorySource([bytes]), into: target)
  }

  @Test func keepsModesTimesAndData() throws {
    var file = try entry("a/b/file", size: 5)
    file.permissions = 0o4751
    let summary = try unpack([(try entry("a", .directory), ""), (file, "hello")])
    let status = try FileStatus.of("\(target)/a/b/file")
    #expect(status.permissions == 0o4751)
    #expect(status.modified == 1_600_000_000_123_456_789)
    #expect(try FileTree.readText("\(target)/a/b/file") == "hello")
    // What was put in it later has not changed the directory's time.
    #expect(try FileStatus.of("\(target)/a").modified == 1_600_000_000_123_456_789)
    #expect(summary.entries == 2)
    #expect(summary.size == 5)
    #expect(!summary.hasAttributes)
  }

  @Test func linksFilesAndKeepsAttributes() throws {
    var file = try entry("file", size: 1)
    file.attributes = [("user.kept", [1, 2, 0]), ("user.overlay.opaque", [0x79])]
    let link = try entry("dir/second", .hardLink(to: try #require(RawPath("./file"))))
    let soft = try entry("soft", .symbolicLink(to: try #require(RawPath("/file"))))
    let summary = try unpack([(file, "x"), (link, ""), (soft, "")])
    #expect(summary.hasAttributes)
    let root = try DirectoryHandle(target)
    let name = try #require(RawPath("file"))
    #expect(try root.find(name)?.links == 2)
    #expect(try FileTree.readLink("\(target)/soft") == "/file")
    #expect(
      try ExtendedAttributes.find("user.kept", of: name, in: root.descriptor.raw) == [1, 2, 0])
    #expect(
      try ExtendedAttributes.list(of: name, in: root.descriptor.raw).filter {
        $0.hasPrefix("user.")
      } == ["user.kept"])
  }

  @Test func turnsWhiteoutsIntoWhatOverlayfsReads() throws {
    _ = try unpack([
      (try entry("dir/.wh.gone"), ""), (try entry("opaque/.wh..wh..opq"), ""),
      (try entry(".wh.again"), ""), (try entry("again", .directory), ""),
      (try entry("own/file"), ""), (try entry(".wh.own"), ""),
    ])
    #expect(OverlayMark.isWhiteout(try FileStatus.of("\(target)/dir/gone")))
    let root = try DirectoryHandle(target)
    // A directory that a whiteout of its own layer names is there, and hides what lies below it.
    for name in ["opaque", "again", "own"] {
      let value = try ExtendedAttributes.find(
        OverlayMark.opaque, of: try #require(RawPath(name)), in: root.descriptor.raw)
      #expect(value == [UInt8(ascii: "y")], "\(name)")
    }
    #expect(FileTree.exists("\(target)/own/file"))
  }

  @Test func tellsOfALayerThatHidesEverything() throws {
    #expect(try unpack([(try entry(".wh..wh..opq"), "")]).isOpaque)
  }

  @Test func goesThroughLinksOfTheLayerToItsDirectories() throws {
    // As in a root with merged /usr whose archive names files by the old paths.
    _ = try unpack([
      (try entry("usr/lib", .directory), ""),
      (try entry("lib", .symbolicLink(to: try #require(RawPath("/usr/lib")))), ""),
      (try entry("lib/found", size: 1), "x"),
      (try entry("door", .symbolicLink(to: try #require(RawPath("nowhere")))), ""),
      (try entry("door/inside", size: 1), "y"),
    ])
    #expect(try FileTree.readText("\(target)/usr/lib/found") == "x")
    #expect(try FileStatus.of("\(target)/door").kind == .directory)
    #expect(try FileTree.readText("\(target)/door/inside") == "y")
  }

  @Test func namesAnOwnerThatHasNoID() throws {
    guard CurrentProcess.effectiveUser != 0 else { return }
    var file = try entry("file")
    file.uid = 0
    #expect(throws: ArchiveError.self) { try unpack([(file, "")]) }
  }
}
