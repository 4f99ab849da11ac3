import LayerArchive
import LinuxSystem
import Testing

@Suite struct TarReaderTests {
  @Test(
    .enabled(if: Tool.find("tar") != nil, "GNU tar makes the archive"),
    arguments: [
      ["--format=gnu"], ["--format=posix"], ["--format=gnu", "-S"], ["--format=posix", "-S"],
      ["--format=posix", "-S", "--sparse-version=0.0"],
      ["--format=posix", "-S", "--sparse-version=0.1"], ["--format=ustar"], ["--format=v7"],
      ["--format=posix", "-z"], ["--format=posix", "-J"], ["--format=posix", "-j"],
    ]) func readsWhatGNUTarWrites(options: [String]) throws
  {
    let scratch = try Scratch()
    let source = try scratch.directory("source")
    let deep = options.contains("--format=v7") ? "short" : String(repeating: "long-name/", count: 8)
    try FileTree.ensureDirectory("\(source)/\(deep)", mode: 0o755)
    try FileTree.write("\(source)/\(deep)/file", String(repeating: "text\n", count: 1_000))
    try FileTree.makeLink("\(source)/link", to: "\(deep)/file")
    let holes = try OwnedDescriptor.open("\(source)/holes", [.writeOnly, .create])
    for offset in stride(from: Int64(0), to: 60 << 20, by: 1 << 20) {
      try OpenFile.seek(holes.raw, to: offset)
      try Descriptor.writeAll(holes.raw, "data \(offset)")
    }
    try OpenFile.setSize(holes.raw, 61 << 20)
    let archive = "\(scratch.path)/archive"
    try Tool.run("tar", ["-C", source, "-cf", archive] + options + ["."])
    let target = try scratch.directory("target")
    let file = try OwnedDescriptor.open(archive)
    try Unpacking.run(DescriptorSource(file.raw), into: target)
    #expect(try Tool.run("diff", ["-r", "--no-dereference", source, target]) == "")
    if options.contains("-S") {
      #expect(try FileStatus.of("\(target)/holes").allocated < 8 << 20)
    }
  }

  @Test(
    .enabled(if: Tool.find("tar") != nil, "GNU tar reads the archive"),
    arguments: [5, 99, 100, 101, 255, 300, 2_000])
  func writesWhatGNUTarReads(length: Int) throws {
    let scratch = try Scratch()
    let path = String(String(repeating: "p/", count: length / 2 + 1).prefix(length - 1)) + "x"
    var entry = TarEntry(
      try #require(RawPath(path)), .file, permissions: 0o600, uid: CurrentProcess.effectiveUser,
      gid: CurrentProcess.effectiveGroup, modified: -1_500_000_000, size: 3)
    entry.attributes = [("user.x", Array("y".utf8))]
    let bytes = try Unpacking.archive { (writer) throws(ArchiveError) in
      try writer.add(entry, [1, 2, 3])
    }
    let archive = try OwnedDescriptor.open("\(scratch.path)/a.tar", [.writeOnly, .create])
    try Descriptor.writeAll(archive.raw, bytes)
    let target = try scratch.directory("target")
    try Tool.run("tar", ["-C", target, "-xf", "\(scratch.path)/a.tar"])
    #expect(try FileTree.read("\(target)/\(path)") == [1, 2, 3])
    #expect(try FileStatus.of("\(target)/\(path)").modified == -1_500_000_000)
  }

  @Test func survivesEveryCutOfAnArchive() throws {
    let entry = TarEntry(
      try #require(RawPath("file")), .file, permissions: 0o600,
      uid: CurrentProcess.effectiveUser, gid: CurrentProcess.effectiveGroup, size: 700)
    let bytes = try Unpacking.archive { (writer) throws(ArchiveError) in
      try writer.add(entry, [UInt8](repeating: 7, count: 700))
    }
    for count in stride(from: 1, to: 512 + 700, by: 13) {
      let scratch = try Scratch()
      #expect(throws: ArchiveError.truncated, "cut at \(count)") {
        try Unpacking.run(MemorySource([Array(bytes[..<count])]), into: scratch.path)
      }
    }
  }

  @Test func survivesEverySpoiltByteOfAHeader() throws {
    let entry = TarEntry(
      try #require(RawPath("file")), .file, permissions: 0o600,
      uid: CurrentProcess.effectiveUser, gid: CurrentProcess.effectiveGroup, size: 3)
    let bytes = try Unpacking.archive { (writer) throws(ArchiveError) in
      try writer.add(entry, [1, 2, 3])
    }
    // Behind the digits of the checksum two bytes have no meaning.
    for index in 0..<512 where index != 154 && index != 155 {
      var spoilt = bytes
      spoilt[index] ^= 0x55
      let scratch = try Scratch()
      #expect(throws: ArchiveError.self, "byte \(index)") {
        try Unpacking.run(MemorySource([spoilt]), into: scratch.path)
      }
    }
  }
}
