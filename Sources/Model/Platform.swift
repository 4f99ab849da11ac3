/// What an image was built for: operating system, architecture and variant, in Go's names.
///
/// Always normalised: `aarch64` is `arm64`, `x86_64` is `amd64`, and a variant that says no more
/// than the architecture does (`v8` of arm64, `v1` of amd64) is left out.
public struct Platform: Hashable, Sendable {
  public let os: String
  public let architecture: String
  public let variant: String?

  public init(os: String, architecture: String, variant: String? = nil) {
    let normal = Self.normalize(architecture: architecture.lowercased(), variant: variant)
    self.os = os.lowercased()
    self.architecture = normal.architecture
    self.variant = normal.variant
  }

  /// Reads `os/arch[/variant]`, or an operating system or architecture alone.
  public init(_ text: some StringProtocol) throws(ParseError) {
    let parts = String(text).split(separator: "/", omittingEmptySubsequences: false).map(
      String.init)
    guard (1...3).contains(parts.count), parts.allSatisfy(Self.isComponent) else {
      throw .malformed(String(text))
    }
    if parts.count > 1 {
      self.init(
        os: parts[0], architecture: parts[1], variant: parts.count == 3 ? parts[2] : nil)
    } else if Self.knownSystems.contains(parts[0].lowercased()) {
      self.init(os: parts[0], architecture: Self.host.architecture, variant: Self.host.variant)
    } else {
      let guess = Platform(os: Self.host.os, architecture: parts[0])
      guard Self.knownArchitectures.contains(guess.architecture) else {
        throw .malformed(String(text))
      }
      self = guess
    }
  }

  /// The platform this program was built for.
  public static let host = Platform(os: "linux", architecture: hostArchitecture)

  /// How well an image for `candidate` runs here: 0 is the same platform, a higher number is a
  /// lesser match, nil does not run.
  public func rank(of candidate: Platform) -> Int? {
    runnable.firstIndex(of: candidate)
  }

  /// What an image may be built for to run on this platform, best first.
  private var runnable: [Platform] {
    func make(_ architecture: String, _ variants: [String?]) -> [Platform] {
      variants.map { Platform(os: os, architecture: architecture, variant: $0) }
    }
    switch architecture {
    case "arm64":
      return (variant == nil ? [] : [self]) + make("arm64", [nil])
        + make("arm", ["v8", "v7", "v6", "v5"])
    case "arm":
      let order: [String?] = ["v8", "v7", "v6", "v5"]
      return make("arm", Array(order.drop { $0 != variant }))
    case "amd64":
      let order: [String?] = ["v4", "v3", "v2", nil]
      return make("amd64", Array(order.drop { $0 != variant })) + make("386", [nil])
    default:
      return [self]
    }
  }

  private static func normalize(
    architecture: String, variant: String?
  ) -> (architecture: String, variant: String?) {
    let variant = variant.flatMap { $0.isEmpty ? nil : $0.lowercased() }
    switch (architecture, variant) {
    case ("i386", _): return ("386", nil)
    case ("i486", _), ("i586", _), ("i686", _), ("x86", _): return ("386", nil)
    case ("amd64", nil), ("x86_64", nil), ("x86-64", nil): return ("amd64", nil)
    case ("amd64", "v1"), ("x86_64", "v1"), ("x86-64", "v1"): return ("amd64", nil)
    case ("amd64", _), ("x86_64", _), ("x86-64", _): return ("amd64", variant)
    case ("arm64", nil), ("aarch64", nil): return ("arm64", nil)
    case ("arm64", "8"), ("arm64", "v8"), ("aarch64", "8"), ("aarch64", "v8"):
      return ("arm64", nil)
    case ("arm64", _), ("aarch64", _): return ("arm64", variant)
    case ("armhf", _): return ("arm", "v7")
    case ("armel", _): return ("arm", "v6")
    case ("armv7l", _), ("arm", nil): return ("arm", "v7")
    case ("armv6l", _): return ("arm", "v6")
    case ("arm", let digit?) where ["5", "6", "7", "8"].contains(digit):
      return ("arm", "v" + digit)
    default: return (architecture, variant)
    }
  }

  private static func isComponent(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        byte.isLowerCaseLetter || byte.isUpperCaseLetter || byte.isASCIIDigit
          || [UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: ".")].contains(byte)
      }
  }

  private static let knownSystems: Set<String> = [
    "linux", "windows", "darwin", "freebsd", "netbsd", "openbsd", "dragonfly", "illumos",
    "solaris", "plan9", "android", "aix",
  ]

  private static let knownArchitectures: Set<String> = [
    "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64",
    "ppc64le", "riscv64", "s390x", "wasm",
  ]

  private static var hostArchitecture: String {
    #if arch(x86_64)
      "amd64"
    #elseif arch(arm64)
      "arm64"
    #elseif arch(arm)
      "arm"
    #elseif arch(i386)
      "386"
    #elseif arch(riscv64)
      "riscv64"
    #elseif arch(powerpc64le)
      "ppc64le"
    #elseif arch(s390x)
      "s390x"
    #else
      #error("name this architecture as Go does (GOARCH)")
    #endif
  }

  public enum ParseError: ReportableError, Equatable {
    case malformed(String)

    public var report: ErrorReport {
      switch self {
      case .malformed(let text):
        ErrorReport(
          .invalidRequest, "\(text.debugDescription) is not a platform",
          hint: "write os/arch or os/arch/variant, for example linux/arm64")
      }
    }
  }
}

extension Platform: CustomStringConvertible {
  public var description: String {
    "\(os)/\(architecture)" + (variant.map { "/\($0)" } ?? "")
  }
}

extension Platform: Codable {
  private enum CodingKeys: String, CodingKey { case os, architecture, variant }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      os: try container.decode(String.self, forKey: .os),
      architecture: try container.decode(String.self, forKey: .architecture),
      variant: try container.decodeIfPresent(String.self, forKey: .variant))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(os, forKey: .os)
    try container.encode(architecture, forKey: .architecture)
    try container.encodeIfPresent(variant, forKey: .variant)
  }
}
