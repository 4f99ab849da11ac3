import Foundation
import LayerArchive
import LinuxSystem
import Model
import Testing

/// The corpus of `Corpus/hostile.py`: whatever an archive says, nothing outside changes.
@Suite struct HostileArchiveTests {
  private static let script =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Corpus/hostile.py"

  @Test(.enabled(if: Tool.find("python3") != nil, "python3 makes the archives"))
  func changesNothingOutside() throws {
    let scratch = try Scratch()
    let corpus = try scratch.directory("corpus")
    let outer = try scratch.directory("outer")
    let outside = try scratch.directory("outer/outside")
    try FileTree.write("\(outside)/canary", "alive\n")
    try FileTree.write("\(outer)/canary", "alive\n")
    try FileTree.ensureDirectory("\(outside)/room")
    try FileTree.ensureDirectory("\(outer)/room")
    try Tool.run(
      "python3",
      [
        Self.script, corpus, "\(CurrentProcess.effectiveUser)", "\(CurrentProcess.effectiveGroup)",
        outside,
      ])
    let before = try Scratch.snapshot(outer)
    let lines = try FileTree.readText("\(corpus)/list").split(separator: "\n")
    #expect(lines.count >= 120)
    for line in lines {
      let parts = line.split(separator: " ").map(String.init)
      try check(parts[1], expected: parts[0], "\(corpus)/\(parts[1]).tar", outer: outer)
      #expect(try Scratch.snapshot(outer) == before, "\(parts[1]) changed something outside")
    }
  }

  private func check(_ name: String, expected: String, _ archive: String, outer: String) throws {
    // Beside what it attacks, so that `..` leads there; gone again before the next comparison.
    let target = "\(outer)/target"
    try FileTree.ensureDirectory(target, mode: 0o755)
    defer {
      // A directory that stays is seen by the comparison that follows.
      try? FileTree.removeTree(target)
    }
    let file = try OwnedDescriptor.open(archive)
    var failure: ArchiveError?
    do throws(ArchiveError) {
      try Unpacking.run(DescriptorSource(file.raw), into: target)
    } catch {
      failure = error
    }
    switch expected {
    case "refused": #expect(failure != nil, "\(name) was accepted")
    case "accepted": #expect(failure == nil, "\(name)")
    default: break
    }
    if let report = failure?.report { #expect(!report.message.contains("\n"), "\(name)") }
    try checkAttributes(name, below: target)
  }

  /// No attribute that overlayfs or a security module would obey came from the archive.
  private func checkAttributes(_ name: String, below target: String) throws {
    guard name.hasPrefix("attribute-") else { return }
    let root = try DirectoryHandle(target)
    for entry in try root.names() {
      let names = try ExtendedAttributes.list(of: entry, in: root.descriptor.raw)
      let forged = names.filter {
        $0.hasPrefix("trusted.") || $0.hasPrefix("user.overlay.") || $0 == "security.ima"
          || $0.hasPrefix("system.")
      }
      #expect(forged == [], "\(name)")
    }
  }
}
