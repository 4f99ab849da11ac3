/// The digest of a blob: an algorithm, a colon and lower-case hex digits.
///
/// A value exists only when the text was exactly right (image-spec descriptor.md#digests), so it
/// may be used as a file name or in a URL: `sha256:../../x` never becomes one (CVE-2024-3727).
public struct Digest: Hashable, Sendable {
  public enum Algorithm: String, Hashable, Sendable, CaseIterable {
    case sha256, sha512

    public var hexLength: Int {
      switch self {
      case .sha256: 64
      case .sha512: 128
      }
    }
  }

  public let algorithm: Algorithm
  public let hex: String

  /// The first twelve hex digits, as lists show them.
  public var shortID: String { String(hex.prefix(12)) }

  public init?(algorithm: Algorithm, hex: some StringProtocol) {
    self.init(algorithm, String(hex))
  }

  /// Of no generic type: lists make thousands of digests, and other modules' generics are slow.
  private init?(_ algorithm: Algorithm, _ hex: String) {
    guard hex.utf8.count == algorithm.hexLength else { return nil }
    for byte in hex.utf8 where !byte.isLowerCaseHexDigit { return nil }
    self.algorithm = algorithm
    self.hex = hex
  }

  /// Makes the digest from the raw output of the hash function.
  public init?(algorithm: Algorithm, bytes: some Collection<UInt8>) {
    let digits = Array("0123456789abcdef".utf8)
    var hex: [UInt8] = []
    for byte in bytes {
      hex.append(digits[Int(byte >> 4)])
      hex.append(digits[Int(byte & 15)])
    }
    self.init(algorithm: algorithm, hex: String(decoding: hex, as: UTF8.self))
  }

  public init(_ text: some StringProtocol) throws(ParseError) {
    let text = String(text)
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { throw .malformed(text) }
    guard let algorithm = Algorithm(rawValue: String(text[..<colon])) else {
      throw .unsupportedAlgorithm(text)
    }
    guard let digest = Digest(algorithm, String(text[text.utf8.index(after: colon)...])) else {
      throw .malformed(text)
    }
    self = digest
  }

  public enum ParseError: ReportableError, Equatable {
    case malformed(String)
    case unsupportedAlgorithm(String)

    public var report: ErrorReport {
      switch self {
      case .malformed(let text):
        ErrorReport(
          .invalidRequest, "\(text.debugDescription) is not a digest",
          hint: "a digest is sha256: and 64 lower-case hex digits, or sha512: and 128")
      case .unsupportedAlgorithm(let text):
        ErrorReport(
          .invalidRequest, "the digest \(text.debugDescription) has an unsupported algorithm",
          hint: "use sha256 or sha512")
      }
    }
  }
}

extension Digest: CustomStringConvertible {
  public var description: String { "\(algorithm.rawValue):\(hex)" }
}

extension Digest: Codable {
  public init(from decoder: any Decoder) throws {
    try self.init(decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
