import LayerArchive
import Model
import Testing

@Suite struct HasherTests {
  /// FIPS 180-4's examples.
  @Test(arguments: [
    ("", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
  ]) func digests(text: String, digest: String) {
    #expect("\(Hasher.digest(of: Array(text.utf8)))" == digest)
  }

  @Test func doesNotMindHowTheBytesAreCut() {
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let hasher = Hasher()
    for start in stride(from: 0, to: bytes.count, by: 777) {
      hasher.update(Array(bytes[start..<min(start + 777, bytes.count)]))
    }
    #expect(hasher.count == 100_000)
    #expect(hasher.finish() == Hasher.digest(of: bytes))
  }
}
