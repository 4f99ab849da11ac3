import LinuxSystem
import Testing

@Suite struct ProcessorTests {
  /// Of the calling thread, in the kernel's notation.
  private func allowed() throws -> Substring? {
    try FileTree.readText("/proc/thread-self/status").split(separator: "\n")
      .first { $0.hasPrefix("Cpus_allowed:") }
  }

  @Test func steppingAsideLeavesTheProcessorsAllowed() throws {
    let before = try #require(try allowed())
    ProcessAttributes.stepAside()
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
      ProcessAttributes.stepAside()
      #expect(try allowed() == before)
    }
    try ProcessAttributes.setAffinity(every)
  }
}
