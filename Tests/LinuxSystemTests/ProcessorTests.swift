import LinuxSystem
import Testing

@Suite struct ProcessorTests {
  /// Of the calling thread, in the kernel's notation.
  private func allowed() throws -> Substring? {
    try FileTree.readText("/proc/thread-self/status").split(separator: "\n")
      .first { $0.hasPrefix("Cpus_allowed:") }
  }

  private func thread() throws -> Int32 {
    let path = try FileTree.readLink("/proc/thread-self")
    return try #require(path.split(separator: "/").last.flatMap { Int32($0) })
  }

  /// The thread that starts them was put elsewhere for a moment.
  @Test func programsBesideUsHaveOurProcessors() throws {
    let before = try #require(try allowed())
    for awaitedSoon in [false, true] {
      let pipe = try OwnedDescriptor.pipe()
      var program = Program("/bin/grep", ["Cpus_allowed:", "/proc/self/status"])
      program.descriptors = [(1, pipe.writeEnd.raw)]
      let pair = try ProgramPair(program, program, awaitedSoon: awaitedSoon)
      #expect(pair.wait() == (true, true))
      let reader = pipe.split { readEnd, _ in readEnd }
      let text = try Descriptor.readAll(reader.raw, limit: 4_096)
      #expect(String(decoding: text, as: UTF8.self) == "\(before)\n\(before)\n")
    }
  }

  /// As for a child that was put beside us: ourselves.
  @Test func steppingAsideLeavesTheProcessorsAllowed() throws {
    let before = try #require(try allowed())
    ProcessAttributes.stepAside(for: try thread())
    #expect(try allowed() == before)
  }

  /// As by taskset(1).
  @Test func steppingAsideStaysWithinANarrowedChoice() throws {
    let mask = try #require(try allowed()).split(separator: "\t").last ?? ""
    let every = mask.split(separator: ",").reversed().flatMap { word -> [UInt8] in
      let value = UInt32(word, radix: 16) ?? 0
      return (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    let last = try #require(every.lastIndex { $0 != 0 })
    for narrowed in [every[last] & ~(every[last] - 1), every[last]] {
      var bytes = [UInt8](repeating: 0, count: every.count)
      bytes[last] = narrowed
      try ProcessAttributes.setAffinity(bytes)
      let before = try allowed()
      ProcessAttributes.stepAside(for: try thread())
      #expect(try allowed() == before)
    }
    try ProcessAttributes.setAffinity(every)
  }
}
