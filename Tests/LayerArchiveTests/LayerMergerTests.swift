import LinuxSystem
import Model
import Testing

@testable import LayerArchive

/// What layers look like when they are merged into one directory.
@Suite struct LayerMergerTests {
  private let scratch: Scratch
  private let target: String

  init() throws {
    scratch = try Scratch()
    target = scratch.path + "/target"
    try FileTree.ensureDirectory(target)
  }

  private func layer(_ number: Int) throws -> String {
    let path = scratch.path + "/layer-\(number)"
    try FileTree.ensureDirectory(path)
    return path
  }

  private func merger(refers: Bool = false) throws -> LayerMerger {
    try LayerMerger(into: target, refers: refers) { (owner) throws(ArchiveError) in owner }
  }

  @Test func upperLayersReplaceWhatIsBelow() throws {
    let (lower, upper) = (try layer(0), try layer(1))
    for path in ["both", "opaque", "becomes-file"] {
      try FileTree.ensureDirectory("\(lower)/\(path)")
      try FileTree.write("\(lower)/\(path)/old", "old")
    }
    try FileTree.write("\(lower)/both/changed", "before")
    try FileTree.write("\(lower)/becomes-directory", "file")
    for path in ["both", "opaque", "becomes-directory"] {
      try FileTree.ensureDirectory("\(upper)/\(path)")
      try FileTree.write("\(upper)/\(path)/new", "new")
    }
    try FileTree.write("\(upper)/both/changed", "after")
    try FileTree.write("\(upper)/becomes-file", "file")
    let opaque = try OwnedDescriptor.open("\(upper)/opaque", [.directory])
    try ExtendedAttributes.set(opaque.raw, OverlayMark.opaque, Array("y".utf8))

    let merger = try merger()
    try merger.apply(lower)
    try merger.apply(upper)
    #expect(try FileTree.list("\(target)/both").sorted() == ["changed", "new", "old"])
    #expect(try FileTree.readText("\(target)/both/changed") == "after")
    #expect(try FileTree.list("\(target)/opaque") == ["new"])
    #expect(try FileTree.list("\(target)/becomes-directory") == ["new"])
    #expect(try FileTree.readText("\(target)/becomes-file") == "file")
  }

  /// More directories than the threads' queue holds, with names of one file all over them.
  @Test func manyDirectoriesKeepTimesModesAndHardLinks() throws {
    let layer = try layer(0)
    try FileTree.write("\(layer)/first", "shared")
    let root = try DirectoryHandle(layer)
    for number in 0..<40 {
      let path = "\(layer)/d\(number % 4)/e\(number)"
      try FileTree.ensureDirectory(path)
      for name in 0..<20 { try FileTree.write("\(path)/\(name)", "\(number) \(name)") }
      let directory = try DirectoryHandle(path)
      try directory.makeHardLink(
        try #require(RawPath("link")), to: try #require(RawPath("first")),
        in: root.descriptor.raw)
      try directory.makeLink(try #require(RawPath("symbolic")), to: try #require(RawPath("../x")))
      try FileTree.setMode(path, 0o750)
      try OpenFile.setModified(directory.descriptor.raw, Int64(number + 1) * 1_000_000_000)
    }
    try merger().apply(layer)
    let shared = try FileStatus.of("\(target)/first")
    #expect(shared.links == 41)
    for number in 0..<40 {
      let path = "\(target)/d\(number % 4)/e\(number)"
      let status = try FileStatus.of(path)
      #expect(status.modified == Int64(number + 1) * 1_000_000_000)
      #expect(status.permissions == 0o750)
      #expect(try FileStatus.of("\(path)/link").inode == shared.inode)
      #expect(try FileTree.readText("\(path)/7") == "\(number) 7")
      #expect(try FileTree.list(path).count == 22)
    }
  }

  @Test(arguments: [true, false])
  func attributesAreCopiedUnlessThereAreNone(hasAttributes: Bool) throws {
    let layer = try layer(0)
    try FileTree.write("\(layer)/file", "x")
    for path in [layer, "\(layer)/file"] {
      let file = try OwnedDescriptor.open(path)
      try ExtendedAttributes.set(file.raw, "user.kept", [1])
    }
    try merger().apply(layer, hasAttributes: hasAttributes)
    let copied = try DirectoryHandle(target)
    for name in [RawPath.current, try #require(RawPath("file"))] {
      let value = try ExtendedAttributes.find("user.kept", of: name, in: copied.descriptor.raw)
      #expect(value == (hasAttributes ? [1] : nil))
    }
  }

  @Test func filesThatReferNameTheirPlaceAndTakeNoRoom() throws {
    let layer = try layer(0)
    try FileTree.ensureDirectory("\(layer)/a/b")
    try FileTree.write("\(layer)/a/b/file", String(repeating: "x", count: 10_000))
    try merger(refers: true).apply(layer)
    let status = try FileStatus.of("\(target)/a/b/file")
    #expect(status.size == 10_000)
    #expect(status.allocated < 10_000)
    let directory = try DirectoryHandle("\(target)/a/b")
    let name = try #require(RawPath("file"))
    let redirect = try ExtendedAttributes.find(
      OverlayMark.redirect, of: name, in: directory.descriptor.raw)
    #expect(redirect == Array("/a/b/file".utf8))
  }

  /// The first failure of a thread ends all of it.
  @Test func aFileThatCannotBeMadeStopsTheRest() throws {
    let layer = try layer(0)
    for number in 0..<30 {
      try FileTree.ensureDirectory("\(layer)/\(number)")
      try FileTree.write("\(layer)/\(number)/file", "x")
    }
    let refusal = ArchiveError.source(ErrorReport(.conflict, "no such owner"))
    let merger = try LayerMerger(into: target) { (_) throws(ArchiveError) in throw refusal }
    #expect(throws: refusal) { try merger.apply(layer) }
  }
}
