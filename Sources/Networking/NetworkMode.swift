import Model

/// `--network`, as it was asked for.
public enum NetworkMode: Equatable, Sendable {
  /// pasta where it is installed, else slirp4netns.
  case automatic
  case none, host
  /// Arguments for pasta.
  case pasta([String])
  case slirp(SlirpOptions)
  /// Another container's, by its name or id.
  case container(String)
  /// A network namespace in the file system.
  case path(String)

  public init(_ text: String) throws(NetworkError) {
    guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
      throw .invalidMode(String(text.filter { !$0.isNewline }), reason: "control characters")
    }
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let word = parts.isEmpty ? "" : String(parts[0])
    let rest = parts.count == 2 ? String(parts[1]) : nil
    switch word {
    case "container", "ns":
      guard let rest, !rest.isEmpty else {
        throw .invalidMode(
          text, reason: word == "ns" ? "write ns:PATH" : "write container:NAME")
      }
      if word == "ns", !rest.hasPrefix("/") {
        throw .invalidMode(text, reason: "the path of a namespace must be absolute")
      }
      self = word == "ns" ? .path(rest) : .container(rest)
    case "pasta": self = .pasta(try Self.pastaArguments(rest, text))
    case "slirp4netns": self = .slirp(try SlirpOptions(rest ?? ""))
    case "", "default", "private", "none", "host":
      guard rest == nil else { throw .invalidMode(text, reason: "\(word) takes no options") }
      self = word == "none" ? .none : word == "host" ? .host : .automatic
    default: throw .unsupportedMode(text)
    }
  }

  /// Options of its own are separated by commas, as is the value of one from its name.
  private static func pastaArguments(_ text: String?, _ whole: String) throws(NetworkError)
    -> [String]
  {
    guard let text, !text.isEmpty else { return [] }
    let arguments = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard !arguments.contains(""), arguments[0].hasPrefix("-") else {
      throw .invalidMode(whole, reason: "write options as pasta:--option,value,…")
    }
    for argument in arguments {
      let name = String(argument.prefix { $0 != "=" })
      if Self.reserved.contains(name) {
        throw .invalidOption(argument, reason: "it is Martlet's own to choose")
      }
    }
    return arguments
  }

  /// What would break the watch over the helper.
  private static let reserved: Set<String> = [
    "--netns", "--userns", "--netns-only", "--no-netns-quit", "-P", "--pid", "-f", "--foreground",
    "--runas", "-h", "--help", "--version",
  ]

  /// Whether the container has a network namespace that is made for it.
  public var isPrivate: Bool {
    switch self {
    case .automatic, .none, .pasta, .slirp: true
    case .host, .container, .path: false
    }
  }

  /// Whether published ports mean nothing, because there is nothing in between or nothing at all.
  public var ignoresPorts: Bool { self == .host || self == .none }

  /// The mode as it can be carried out with the programs that are installed.
  public func resolved(find: (String) -> String?) throws(NetworkError) -> NetworkMode {
    switch self {
    case .automatic:
      if find("pasta") != nil { return .pasta([]) }
      if find("slirp4netns") != nil { return .slirp(SlirpOptions()) }
      throw .noProgram
    case .pasta:
      guard find("pasta") != nil else { throw .programMissing("pasta", package: "passt") }
      return self
    case .slirp:
      guard find("slirp4netns") != nil else {
        throw .programMissing("slirp4netns", package: "slirp4netns")
      }
      return self
    case .none, .host, .container, .path: return self
    }
  }
}
