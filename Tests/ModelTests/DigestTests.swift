import Model
import Testing

@Suite struct DigestTests {
  static let hex = String(repeating: "0123456789abcdef", count: 4)

  @Test func readsSHA256() throws {
    let digest = try Digest("sha256:\(Self.hex)")
    #expect(digest.algorithm == .sha256)
    #expect(digest.hex == Self.hex)
    #expect(digest.shortID == "0123456789ab")
    #expect(digest.description == "sha256:\(Self.hex)")
  }

  @Test func readsSHA512() throws {
    #expect(try Digest("sha512:\(Self.hex)\(Self.hex)").algorithm == .sha512)
  }

  @Test(arguments: [
    "", "sha256", "sha256:", "sha256:../../etc/passwd", "sha256:" + hex.uppercased(),
    "sha256:" + hex.dropLast(), "sha256:" + hex + "0", "sha512:" + hex, "sha256:" + hex + "\n",
    "sha256:" + hex.dropLast(2) + "é", " sha256:" + hex,
  ])
  func refusesWhatIsNotExactlyADigest(text: String) {
    #expect(throws: Digest.ParseError.self) { try Digest(text) }
  }

  @Test func namesAnUnsupportedAlgorithm() {
    #expect(throws: Digest.ParseError.unsupportedAlgorithm("md5:00")) { try Digest("md5:00") }
  }

  @Test func isMadeFromTheBytesOfAHash() {
    let bytes = [UInt8](repeating: 0xa5, count: 32)
    #expect(
      Digest(algorithm: .sha256, bytes: bytes)?.hex == String(repeating: "a5", count: 32))
    #expect(Digest(algorithm: .sha256, bytes: bytes.dropLast()) == nil)
  }
}
