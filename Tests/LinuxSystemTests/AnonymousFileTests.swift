import LinuxSystem
import Testing

@Suite struct AnonymousFileTests {
  /// A page of the file that waits in a pipe is busy until it has been read.
  @Test func waitsUntilNobodyHasHoldOfAPage() throws {
    let file = try OwnedDescriptor.anonymousFile("busy", sealable: true)
    try Descriptor.writeAll(file.raw, "content")
    try Descriptor.rewind(file.raw)
    let pipe = try OwnedDescriptor.pipe()
    #expect(try Descriptor.copy(to: pipe.writeEnd.raw, from: file.raw, count: 7) == 7)
    #expect { try file.seal(attempts: 1) } throws: { ($0 as? SystemError)?.errno == Errno.busy }
    let reader = pipe.readEnd.raw
    var attempts = 0
    try file.seal {
      attempts += 1
      _ = try? Descriptor.read(reader, upTo: 7)
    }
    #expect(attempts == 1)
    #expect(throws: SystemError.self) { try Descriptor.writeAll(file.raw, "other") }
  }
}
