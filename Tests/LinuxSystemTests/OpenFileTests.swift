import LinuxSystem
import Testing

@Suite struct OpenFileTests {
  @Test(arguments: [
    ["data"], ["hole"], ["hole", "data"], ["data", "hole"],
    ["data", "hole", "data", "hole", "tail"],
  ]) func aCopyHasTheSameBytesAndHoles(parts: [String]) throws {
    let name =
      "/tmp/martlet-copy-\(try CurrentProcess.randomBytes(6).map { String($0, radix: 16) }.joined())"
    defer {
      _ = try? FileTree.unlinkIfPresent(name)
      _ = try? FileTree.unlinkIfPresent("\(name).copy")
    }
    let source = try OwnedDescriptor.open(name, [.readWrite, .create, .exclusive], mode: 0o600)
    var size: Int64 = 0
    for part in parts {
      switch part {
      case "hole": size += 4 << 20
      case "tail":
        try OpenFile.seek(source.raw, to: size)
        try Descriptor.writeAll(source.raw, "end")
        size += 3
      default:
        try OpenFile.seek(source.raw, to: size)
        try Descriptor.writeAll(source.raw, [UInt8](repeating: 7, count: 1 << 20))
        size += 1 << 20
      }
    }
    try OpenFile.setSize(source.raw, size)
    let from = try OwnedDescriptor.open(name)
    let to = try OwnedDescriptor.open(
      "\(name).copy", [.writeOnly, .create, .exclusive], mode: 0o600)
    try OpenFile.copy(from: from.raw, to: to.raw, size: size)
    let limit = 1 << 25
    #expect(try FileTree.read("\(name).copy", limit: limit) == FileTree.read(name, limit: limit))
    let (old, new) = (try FileStatus.of(name), try FileStatus.of("\(name).copy"))
    #expect(new.allocated <= old.allocated + 65_536, "\(old.allocated) \(new.allocated)")
  }
}
