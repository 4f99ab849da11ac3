import LayerArchive
import LinuxSystem
import Testing

/// Sending trees and receiving them.
@Suite struct TreeTests {
  private let scratch: Scratch
  private let source: String
  private let target: String

  init() throws {
    scratch = try Scratch()
    source = try scratch.directory("source")
    target = try scratch.directory("target")
  }

  private func receiver(_ change: (inout TreeReceiver.Options) -> Void = { _ in }) throws
    -> TreeReceiver
  {
    var options = TreeReceiver.Options()
    change(&options)
    return try TreeReceiver(
      root: try DirectoryHandle(scratch.path), path: try #require(RawPath("/target")), options)
  }

  private func entry(_ path: String, _ kind: TarEntry.Kind = .file, size: Int64 = 0) throws
    -> TarEntry
  {
    TarEntry(
      try #require(RawPath(path)), kind, permissions: kind == .directory ? 0o755 : 0o640,
      uid: CurrentProcess.effectiveUser, gid: CurrentProcess.effectiveGroup,
      modified: 1_600_000_000_123_456_789, size: size)
  }

  private func put(_ entry: TarEntry, _ text: String = "", in receiver: TreeReceiver) throws {
    try receiver.begin(entry)
    if !text.isEmpty {
      let bytes = Array(text.utf8)
      try receiver.write(bytes, 0..<bytes.count, at: 0)
    }
    try receiver.end()
  }

  @Test func copiesATreeWhole() throws {
    try FileTree.ensureDirectory("\(source)/a/b", mode: 0o750)
    try FileTree.write("\(source)/a/b/file", "text", mode: 0o640)
    try FileTree.makeLink("\(source)/a/link", to: "b/file")
    try FileTree.makeFIFO("\(source)/fifo")
    let receiver = try receiver()
    try TreeSender(receiver).sendContents(of: try DirectoryHandle(source), under: nil)
    try receiver.finish()
    let strip = { (lines: [String], root: String) in lines.map { String($0.dropFirst(root.count)) }
    }
    #expect(
      strip(try Scratch.snapshot(target), target) == strip(try Scratch.snapshot(source), source))
  }

  @Test func equalTreesGiveEqualArchives() throws {
    var archives: [[UInt8]] = []
    for order in [["b", "a", "c"], ["c", "b", "a"]] {
      let tree = try scratch.directory("tree\(archives.count)")
      for name in order {
        try FileTree.write("\(tree)/\(name)", name)
        let file = try OwnedDescriptor.open("\(tree)/\(name)")
        try OpenFile.setModified(file.raw, 1_000_000_000)
      }
      var bytes: [UInt8] = []
      let writer = TarWriter { (piece, range) throws(ArchiveError) in bytes += piece[range] }
      let sink = ArchiveSink(writer)
      try TreeSender(sink).sendContents(of: try DirectoryHandle(tree), under: nil)
      try sink.finish()
      archives.append(bytes)
    }
    #expect(archives[0] == archives[1])
  }

  @Test(arguments: ["../escape", "/../../escape", "a/../../escape"])
  func refusesNamesThatLeadOut(name: String) throws {
    let receiver = try receiver()
    let hostile = try entry(name)
    #expect(throws: ArchiveError.self) { try receiver.begin(hostile) }
    #expect(!FileTree.exists("\(scratch.path)/escape"))
  }

  @Test func takesALinkedParentAsAProcessInsideWould() throws {
    // Absolute: in the tree it means the tree's own directory.
    try FileTree.makeLink("\(target)/lib", to: "/target/usr/lib")
    try FileTree.ensureDirectory("\(target)/usr/lib", mode: 0o755)
    let receiver = try receiver()
    try put(try entry("lib/file", size: 4), "text", in: receiver)
    #expect(try FileTree.readText("\(target)/usr/lib/file") == "text")
  }

  @Test func replacesALinkAndNotItsTarget() throws {
    try FileTree.write("\(source)/kept", "kept")
    try FileTree.makeLink("\(target)/name", to: "\(source)/kept")
    let receiver = try receiver()
    try put(try entry("name", size: 3), "new", in: receiver)
    #expect(try FileTree.readText("\(source)/kept") == "kept")
    #expect(try FileTree.readText("\(target)/name") == "new")
  }

  @Test func keepsKindsApartUnlessTold() throws {
    try FileTree.write("\(target)/file", "")
    try FileTree.ensureDirectory("\(target)/directory/inner")
    let careful = try receiver()
    let overFile = try entry("file", .directory)
    let overDirectory = try entry("directory")
    #expect(throws: ArchiveError.self) { try careful.begin(overFile) }
    #expect(throws: ArchiveError.self) { try careful.begin(overDirectory) }
    let bold = try receiver { $0.replacesOtherKinds = true }
    try put(overFile, in: bold)
    try put(overDirectory, in: bold)
    #expect(try FileStatus.of("\(target)/file").kind == .directory)
    #expect(try FileStatus.of("\(target)/directory").kind == .regular)
  }

  @Test func archivesWhatAnOverlayHides() throws {
    guard CurrentProcess.effectiveUser == 0 else { return }
    let handle = try DirectoryHandle(source)
    try handle.makeNode(
      try #require(RawPath("gone")), kind: .characterDevice, permissions: 0)
    try FileTree.ensureDirectory("\(source)/opaque")
    let opaque = try DirectoryHandle("\(source)/opaque")
    try ExtendedAttributes.set(opaque.descriptor.raw, "user.overlay.opaque", [UInt8(ascii: "y")])
    var bytes: [UInt8] = []
    let sink = ArchiveSink(
      TarWriter { (piece, range) throws(ArchiveError) in bytes += piece[range] })
    var options = TreeSender.Options()
    options.isOverlayUpper = true
    try TreeSender(sink, options).sendContents(of: handle, under: nil)
    try sink.finish()
    let reader = TarReader(MemorySource([bytes]))
    var names: [String] = []
    while let entry = try reader.nextEntry() { names.append(entry.path.text) }
    #expect(names == [".wh.gone", "opaque/", "opaque/.wh..wh..opq"])
  }
}
