public import LinuxSystem
public import Model

/// What a container's network can fail with.
public enum NetworkError: ReportableError {
  case unsupportedMode(String)
  case invalidMode(String, reason: String)
  case unknownOption(String, mode: String, known: [String])
  case invalidOption(String, reason: String)
  case programMissing(String, package: String)
  case noProgram
  case portsRefused(String)
  case privilegedPort(UInt16, firstFree: UInt16)
  case portInUse(PortMapping)
  case portUnavailable(PortMapping, SystemError)
  case duplicatePort(PortMapping)
  case addressNotPublishable(PortMapping)
  case invalidHost(String, reason: String)
  case noHostGateway
  case invalidNameServer(String)
  case invalidResolverText(String)
  case socketPathTooLong(String)
  case system(SystemError, doing: String)

  public var report: ErrorReport {
    switch self {
    case .unsupportedMode, .invalidMode, .unknownOption, .invalidOption, .programMissing,
      .noProgram:
      modeReport
    case .portsRefused, .privilegedPort, .portInUse, .portUnavailable, .duplicatePort,
      .addressNotPublishable:
      portReport
    default: otherReport
    }
  }

  private var modeReport: ErrorReport {
    switch self {
    case .unsupportedMode(let name):
      ErrorReport(
        .invalidRequest, "network \"\(name)\" is not supported: there are no named networks",
        hint: "use --network pasta, slirp4netns, host, none, container:NAME or ns:PATH")
    case .invalidMode(let text, let reason):
      ErrorReport(.invalidRequest, "invalid network \"\(text)\": \(reason)")
    case .unknownOption(let name, let mode, let known):
      ErrorReport(
        .invalidRequest, "unknown option \"\(name)\" of network mode \(mode)",
        hint: known.isEmpty ? nil : "known are \(known.joined(separator: ", "))")
    case .invalidOption(let text, let reason):
      ErrorReport(.invalidRequest, "invalid network option \"\(text)\": \(reason)")
    case .programMissing(let program, let package):
      ErrorReport(
        .notFound, "\(program) is not installed",
        hint: "sudo apt-get install \(package), or use --network none or --network host")
    default:
      ErrorReport(
        .notFound,
        "no program to connect a container with is installed: neither pasta nor slirp4netns",
        hint: "sudo apt-get install passt (or slirp4netns), or use --network none or --network host"
      )
    }
  }

  private var portReport: ErrorReport {
    switch self {
    case .portsRefused(let mode):
      ErrorReport(
        .invalidRequest, "cannot publish ports with --network \(mode)",
        hint: "publish them on the container that owns the network")
    case .privilegedPort(let port, let firstFree):
      ErrorReport(
        .notPermitted, "cannot publish host port \(port): ports below \(firstFree) need privileges",
        hint:
          "choose a host port from \(firstFree) on, or run: sudo sysctl net.ipv4.ip_unprivileged_port_start=\(port)"
      )
    case .portInUse(let port):
      ErrorReport(
        .conflict,
        "cannot publish host port \(port.hostText)/\(port.transport.rawValue): address already in use",
        hint: "choose another host port, or stop the program that has it")
    case .portUnavailable(let port, let error):
      ErrorReport(
        .unavailable,
        "cannot publish host port \(port.hostText)/\(port.transport.rawValue): \(error.reason)")
    case .duplicatePort(let port):
      ErrorReport(
        .invalidRequest,
        "conflicting port mappings for host port \(port.hostPort) (protocol \(port.transport.rawValue))"
      )
    case .addressNotPublishable(let port):
      ErrorReport(
        .invalidRequest, "slirp4netns cannot publish on the IPv6 address \(port.hostText)",
        hint: "use an IPv4 address, or --network pasta")
    default: otherReport
    }
  }

  private var otherReport: ErrorReport {
    switch self {
    case .invalidHost(let text, let reason):
      ErrorReport(
        .invalidRequest, "invalid --add-host \"\(text)\": \(reason)", hint: "write NAME:ADDRESS")
    case .noHostGateway:
      ErrorReport(
        .unavailable, "host-gateway has no address in this network",
        hint: "install passt 2024-09 or newer, or use --network slirp4netns")
    case .invalidNameServer(let text):
      ErrorReport(
        .invalidRequest, "invalid --dns \"\(text)\": it is not an IP address")
    case .invalidResolverText(let text):
      ErrorReport(
        .invalidRequest,
        "invalid DNS option \"\(text)\": it holds white space or control characters"
      )
    case .socketPathTooLong(let path):
      ErrorReport(
        .unavailable, "the path of slirp4netns's socket is too long: \(path)",
        hint: "use a shorter XDG_RUNTIME_DIR, or --network pasta")
    case .system(let error, let doing):
      ErrorReport(.unavailable, "\(doing): \(error)")
    default: ErrorReport(.bug, "network error without a text")
    }
  }
}
