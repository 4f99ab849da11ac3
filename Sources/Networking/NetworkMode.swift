/// What `--network` asks for.
public enum NetworkMode: Equatable, Sendable {
  /// A namespace with nothing but loopback.
  case none
  /// The host's own network.
  case host
  /// A namespace of its own, connected by the best program there is.
  case automatic
  case pasta(options: [String])
  case slirp4netns(options: [String])
  /// The network of another container, by name or id.
  case container(String)
  /// The namespace at an absolute path.
  case namespace(path: String)

  /// Reads the argument of `--network`; options follow a colon, separated by commas.
  public init(parsing text: String) throws(NetworkingError) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0])
    let argument = parts.count == 2 ? String(parts[1]) : nil
    let options = (argument ?? "").split(separator: ",").map(String.init)
    switch (name, argument) {
    case ("none", nil): self = .none
    case ("host", nil): self = .host
    case ("private", nil), ("default", nil), ("", nil): self = .automatic
    case ("pasta", _): self = .pasta(options: options)
    case ("slirp4netns", _): self = .slirp4netns(options: options)
    case ("container", let other?) where !other.isEmpty: self = .container(other)
    case ("ns", let path?) where path.hasPrefix("/"): self = .namespace(path: path)
    case ("ns", _):
      throw .badOption(driver: "ns", option: argument ?? "", why: "it must be an absolute path")
    case ("container", _):
      throw .badOption(driver: "container", option: "", why: "it must name a container")
    case ("bridge", _), ("pod", _):
      throw .unsupportedMode(name, use: "leave out --network to get a network of its own")
    case ("none", _?), ("host", _?), ("private", _?):
      throw .badOption(driver: name, option: argument ?? "", why: "the mode takes no options")
    default: throw .unknownMode(text)
    }
  }

  /// The name without options.
  public var name: String {
    switch self {
    case .none: "none"
    case .host: "host"
    case .automatic: "private"
    case .pasta: "pasta"
    case .slirp4netns: "slirp4netns"
    case .container: "container"
    case .namespace: "ns"
    }
  }
}
