import FoundationEssentials

/// Random moments within the time that a command takes, the same again for the same seed.
///
/// The seed is printed; `MARTLET_TEST_SEED` brings it back.
public struct Moments: RandomNumberGenerator, Sendable {
  public let seed: UInt64
  private var state: UInt64

  public init(_ name: String) {
    let given = ProcessInfo.processInfo.environment["MARTLET_TEST_SEED"].flatMap { UInt64($0) }
    seed = given ?? UInt64.random(in: 1..<1_000_000)
    state = seed
    print("\(name): MARTLET_TEST_SEED=\(seed)")
  }

  /// SplitMix64: every seed gives a good sequence.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A moment in the time of a command that takes `duration`, or shortly after.
  public mutating func pick(in duration: Duration) -> Duration {
    duration * Double.random(in: 0...1.1, using: &self)
  }
}
