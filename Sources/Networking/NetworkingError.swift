public import Model

/// Why a container's network cannot be made as asked.
public enum NetworkingError: Error, Equatable, Sendable {
  case unknownMode(String)
  case unsupportedMode(String, use: String)
  case badOption(driver: String, option: String, why: String)
  case helperMissing(String, package: String)
  case portsNeedPrivateNetwork(mode: String)
  case portInUse(PortMapping, port: UInt16)
  case portNotPermitted(PortMapping, port: UInt16)
  case portUnavailable(PortMapping, reason: String)
  case portUnsupported(PortMapping, driver: String, why: String)
  case socketPathTooLong(String)
  case badHostEntry(String, why: String)
  case badResolverValue(option: String, value: String)
}

extension NetworkingError: ReportableError {
  public var report: ErrorReport {
    switch self {
    case .unknownMode(let text):
      ErrorReport(
        .notFound, "network \(text) does not exist",
        hint: "use pasta, slirp4netns, none, host, container:NAME or ns:PATH")
    case .unsupportedMode(let mode, let use):
      ErrorReport(.invalidRequest, "network mode \(mode) is not supported yet", hint: use)
    case .badOption(let driver, let option, let why):
      ErrorReport(.invalidRequest, "option \(option) of network \(driver): \(why)")
    case .helperMissing(let program, let package):
      ErrorReport(
        .unavailable, "\(program) is not installed, so the container cannot have a network",
        hint: "apt install \(package), or use --network none or --network host")
    default: portReport
    }
  }

  private var portReport: ErrorReport {
    switch self {
    case .portsNeedPrivateNetwork(let mode):
      ErrorReport(
        .invalidRequest, "ports cannot be published with network mode \(mode)",
        hint: "leave out -p, or choose --network pasta")
    case .portInUse(let mapping, let port):
      ErrorReport(
        .conflict, "cannot publish \(mapping): port \(port) of the host is in use",
        hint: "choose another host port, or leave it out to get a free one")
    case .portNotPermitted(let mapping, let port):
      ErrorReport(
        .notPermitted, "cannot publish \(mapping): port \(port) needs privileges",
        hint: "use a port from 1024 up, or run as root: "
          + "sysctl net.ipv4.ip_unprivileged_port_start=\(port)")
    case .portUnavailable(let mapping, let reason):
      ErrorReport(.invalidRequest, "cannot publish \(mapping): \(reason)")
    case .portUnsupported(let mapping, let driver, let why):
      ErrorReport(.invalidRequest, "\(driver) cannot publish \(mapping): \(why)")
    case .socketPathTooLong(let path):
      ErrorReport(
        .invalidRequest, "socket path \(path) is longer than 107 bytes",
        hint: "set XDG_RUNTIME_DIR to a shorter directory")
    case .badHostEntry(let text, let why):
      ErrorReport(.invalidRequest, "--add-host \(text): \(why)", hint: "write NAME:IP")
    case .badResolverValue(let option, let value):
      ErrorReport(.invalidRequest, "\(option) \(value): not a valid value")
    default: ErrorReport(.bug, "a network error without a text")
    }
  }
}
