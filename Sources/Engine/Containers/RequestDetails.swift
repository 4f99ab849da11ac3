import LinuxSystem
import Model

/// Ports that a container serves, published or not: `80/tcp`.
enum ExposedPorts {
  /// `texts`: `PORT[-PORT][/PROTO]`.
  static func parse(_ texts: [String]) throws(ErrorReport) -> [String] {
    var all: [String] = []
    for text in texts {
      let bad = ErrorReport(
        .invalidRequest, "invalid port \"\(text)\"", hint: "write PORT, PORT-PORT or PORT/PROTO")
      let pair = text.split(separator: "/", omittingEmptySubsequences: false)
      guard pair.count <= 2, let first = pair.first else { throw bad }
      let kind = pair.count == 2 ? pair[1].lowercased() : "tcp"
      guard ["tcp", "udp", "sctp"].contains(kind) else { throw bad }
      let ends = first.split(separator: "-", omittingEmptySubsequences: false)
        .map { UInt16($0) ?? 0 }
      guard (1...2).contains(ends.count), let low = ends.first, let high = ends.last, low > 0,
        low <= high
      else { throw bad }
      for port in low...high where !all.contains("\(port)/\(kind)") {
        all.append("\(port)/\(kind)")
      }
    }
    return all
  }

  /// What `--publish-all` adds: a free port of the host for each that is not published.
  static func toPublish(_ exposed: [String], besides published: [String]) -> [String] {
    let taken = Set(
      published.map { text in
        let pair = text.split(separator: "/", maxSplits: 1)
        let inside = pair[0].split(separator: ":").last ?? ""
        return "\(inside)/\(pair.count == 2 ? pair[1] : "tcp")"
      })
    return exposed.filter { !taken.contains($0) }
  }
}

/// `--tz`.
enum TimeZoneFile {
  /// The host's file; nil for `local` on a host without one.
  static func path(_ zone: String) -> String? {
    if zone == "local" { return FileTree.exists("/etc/localtime") ? "/etc/localtime" : nil }
    return "/usr/share/zoneinfo/\(zone)"
  }

  static func check(_ zone: String) throws(ErrorReport) {
    if zone == "local" { return }
    let parts = zone.split(separator: "/", omittingEmptySubsequences: false)
    guard !zone.isEmpty, !parts.contains(where: { $0.isEmpty || $0.hasPrefix(".") }),
      let status = try? FileStatus.of("/usr/share/zoneinfo/\(zone)", follow: true),
      status.kind == .regular
    else {
      throw ErrorReport(
        .invalidRequest, "unrecognized timezone: \(zone)",
        hint: "write local or a name below /usr/share/zoneinfo, such as Europe/Berlin")
    }
  }
}

/// `--systemd`.
enum SystemdMode {
  private static let programs: Set = ["/sbin/init", "/usr/sbin/init", "/usr/local/sbin/init"]
  /// What systemd takes as the order to shut down (systemd(1), SIGRTMIN+3).
  static let stopSignal: Int32 = 37

  static func isWanted(_ mode: String, command: [String]) -> Bool {
    switch mode {
    case "always": return true
    case "false": return false
    default:
      guard let first = command.first else { return false }
      return programs.contains(first) || first.split(separator: "/").last == "systemd"
    }
  }

  /// Places that systemd wants writable.
  static let places = ["/run", "/run/lock", "/tmp", "/var/log/journal"]
}
