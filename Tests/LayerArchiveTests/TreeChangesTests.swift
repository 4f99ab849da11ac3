import LayerArchive
import LinuxSystem
import Testing

/// Comparing a whole copy of layers with the layers.
@Suite struct TreeChangesTests {
  private let scratch: Scratch
  private let layers: [String]
  private let tree: String

  init() throws {
    scratch = try Scratch()
    let lower = try scratch.directory("lower")
    for name in ["a", "b/c", "b"] { try FileTree.ensureDirectory("\(lower)/\(name)", mode: 0o755) }
    for name in ["a/one", "b/two", "b/c/three", "four"] {
      try FileTree.write("\(lower)/\(name)", name, mode: 0o644)
    }
    try FileTree.makeLink("\(lower)/link", to: "four")
    let upper = try scratch.directory("upper")
    try FileTree.ensureDirectory("\(upper)/b", mode: 0o755)
    try FileTree.write("\(upper)/b/two", "newer", mode: 0o600)
    layers = [lower, upper]
    tree = try scratch.directory("tree")
    let merger = try LayerMerger(into: tree) { (owner) throws(ArchiveError) in owner }
    for layer in layers { try merger.apply(layer) }
  }

  /// `since` 0: everything looks as if it had been touched.
  private func changes(since: Int64 = 0) throws -> [String] {
    try TreeChanges.find(in: tree, of: layers, since: since, owner: { $0 }).map {
      "\($0.kind) \($0.path.text)"
    }
  }

  private func setTime(of name: String, as other: FileStatus) throws {
    let file = try OwnedDescriptor.open("\(tree)/\(name)")
    try OpenFile.setModified(file.raw, other.modified)
  }

  @Test func aCopyHasNoChanges() throws { #expect(try changes() == []) }

  @Test func tellsWhatIsNewGoneAndOther() throws {
    try FileTree.write("\(tree)/b/c/new", "")
    try FileTree.unlinkIfPresent("\(tree)/a/one")
    try FileTree.setMode("\(tree)/four", 0o600)
    try FileTree.unlinkIfPresent("\(tree)/link")
    try FileTree.makeLink("\(tree)/link", to: "five")
    #expect(
      try changes() == [
        "changed a", "deleted a/one", "changed b", "changed b/c", "added b/c/new", "changed four",
        "changed link",
      ])
  }

  @Test func aHiddenLowerFileDoesNotCount() throws {
    try FileTree.write("\(tree)/b/two", "b/two", mode: 0o644)
    #expect(try changes().contains("changed b/two"))
  }

  @Test(arguments: [(Int64(0), ["changed four"]), (Int64.max, [])])
  func contentDecidesOnlyAboutWhatWasTouchedSince(since: Int64, expected: [String]) throws {
    let before = try FileStatus.of("\(tree)/four")
    let file = try OwnedDescriptor.open("\(tree)/four", [.writeOnly])
    try Descriptor.writeAll(file.raw, "FOUR")
    try setTime(of: "four", as: before)
    #expect(try changes(since: since) == expected)
  }

  @Test func aDirectoryForAFileIsOneChange() throws {
    try FileTree.unlinkIfPresent("\(tree)/four")
    try FileTree.ensureDirectory("\(tree)/four")
    try FileTree.write("\(tree)/four/in", "")
    #expect(try changes() == ["changed four", "added four/in"])
  }

  @Test func anotherNameOfAnOldFileChangesBoth() throws {
    let root = try DirectoryHandle(tree)
    try root.makeHardLink(
      try #require(RawPath("name")), to: try #require(RawPath("four")), in: root.descriptor.raw)
    #expect(try changes() == ["changed four", "added name"])
  }
}
