import Model
import Testing

@Suite struct PlatformTests {
  @Test(arguments: [
    ("linux/amd64", "linux/amd64"), ("linux/x86_64", "linux/amd64"),
    ("linux/amd64/v1", "linux/amd64"),
    ("linux/amd64/v3", "linux/amd64/v3"), ("linux/aarch64", "linux/arm64"),
    ("linux/arm64/v8", "linux/arm64"), ("Linux/ARM64/8", "linux/arm64"),
    ("linux/arm64/v9", "linux/arm64/v9"), ("linux/armhf", "linux/arm/v7"),
    ("linux/armel", "linux/arm/v6"), ("linux/arm", "linux/arm/v7"), ("linux/arm/6", "linux/arm/v6"),
    ("linux/i386", "linux/386"), ("linux/riscv64", "linux/riscv64"), ("arm64", "linux/arm64"),
    ("aarch64", "linux/arm64"), ("windows/amd64", "windows/amd64"),
  ])
  func normalizes(text: String, expected: String) throws {
    #expect(try Platform(text).description == expected)
  }

  @Test func completesAnOperatingSystem() throws {
    #expect(try Platform("linux") == Platform.host)
  }

  @Test(arguments: [
    "", "/", "linux/", "/amd64", "linux/amd64/v1/x", "linux/am d", "pdp11", "linux/é",
  ])
  func refuses(text: String) {
    #expect(throws: Platform.ParseError.malformed(text)) { try Platform(text) }
  }

  @Test(arguments: [
    ("linux/amd64", ["linux/amd64", "linux/386"]),
    ("linux/amd64/v2", ["linux/amd64/v2", "linux/amd64", "linux/386"]),
    ("linux/arm64", ["linux/arm64", "linux/arm/v8", "linux/arm/v7", "linux/arm/v6"]),
    ("linux/arm/v7", ["linux/arm/v7", "linux/arm/v6", "linux/arm/v5"]),
    ("linux/s390x", ["linux/s390x"]),
  ])
  func prefersTheClosestPlatform(host: String, candidates: [String]) throws {
    let host = try Platform(host)
    let ranks = try candidates.map { host.rank(of: try Platform($0)) }
    #expect(ranks.allSatisfy { $0 != nil })
    #expect(ranks.compactMap { $0 } == ranks.compactMap { $0 }.sorted())
    #expect(Set(ranks).count == candidates.count)
  }

  @Test(arguments: [
    ("linux/amd64", "linux/arm64"), ("linux/amd64", "windows/amd64"),
    ("linux/amd64", "linux/amd64/v3"), ("linux/arm/v6", "linux/arm/v7"),
  ])
  func doesNotRunAStrangersImage(host: String, candidate: String) throws {
    #expect(try Platform(host).rank(of: Platform(candidate)) == nil)
  }
}
