import CommandLineKit
import Model

/// Published ports as `ps` shows them.
enum PortText {
  private static func parts(_ port: String) -> (
    ip: String, host: String, inside: String, kind: String
  ) {
    let pair = port.split(separator: "/", maxSplits: 1)
    let fields = pair[0].split(separator: ":", omittingEmptySubsequences: false)
    let kind = pair.count == 2 ? String(pair[1]) : "tcp"
    let inside = String(fields.last ?? "")
    let host = fields.count > 1 ? String(fields[fields.count - 2]) : ""
    let ip = fields.dropLast(2).joined(separator: ":")
    return (ip, host, inside, kind)
  }

  static func display(_ port: String) -> String {
    let (ip, host, inside, kind) = parts(port)
    return "\(ip.isEmpty ? "0.0.0.0" : ip):\(host)->\(inside)/\(kind)"
  }

  /// All ports of a row; neighbours of one kind are drawn together as
  /// `0.0.0.0:8080-8082->80-82/tcp`.
  static func summary(_ ports: [String], exposed: [String] = []) -> String {
    if ports.isEmpty { return exposed.joined(separator: ", ") }
    var groups: [(ip: String, host: ClosedRange<Int>, inside: ClosedRange<Int>, kind: String)] = []
    var others: [String] = []
    for port in ports {
      let (ip, host, inside, kind) = parts(port)
      guard let from = Int(host), let to = Int(inside) else {
        others.append(display(port))
        continue
      }
      groups.append((ip.isEmpty ? "0.0.0.0" : ip, from...from, to...to, kind))
    }
    groups.sort {
      ($0.kind, $0.ip, $0.inside.lowerBound, $0.host.lowerBound)
        < ($1.kind, $1.ip, $1.inside.lowerBound, $1.host.lowerBound)
    }
    var merged: [(ip: String, host: ClosedRange<Int>, inside: ClosedRange<Int>, kind: String)] = []
    for group in groups {
      if let last = merged.last, last.ip == group.ip, last.kind == group.kind,
        last.host.upperBound + 1 == group.host.lowerBound,
        last.inside.upperBound + 1 == group.inside.lowerBound
      {
        merged[merged.count - 1].host = last.host.lowerBound...group.host.upperBound
        merged[merged.count - 1].inside = last.inside.lowerBound...group.inside.upperBound
      } else {
        merged.append(group)
      }
    }
    func text(_ range: ClosedRange<Int>) -> String {
      range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
    }
    let published = Set(ports.map { "\(parts($0).inside)/\(parts($0).kind)" })
    others += exposed.filter { !published.contains($0) }
    return
      (merged.map { "\($0.ip):\(text($0.host))->\(text($0.inside))/\($0.kind)" } + others)
      .joined(separator: ", ")
  }

  /// Podman's `{"80":["tcp"]}`.
  static func exposed(_ ports: [String]) -> TemplateValue {
    var numbers: [(String, TemplateValue)] = []
    for port in ports {
      let pair = port.split(separator: "/").map(String.init)
      guard pair.count == 2 else { continue }
      if let at = numbers.firstIndex(where: { $0.0 == pair[0] }),
        case .list(let list) = numbers[at].1
      {
        numbers[at].1 = .list(list + [.string(pair[1])])
      } else {
        numbers.append((pair[0], .strings([pair[1]])))
      }
    }
    return numbers.isEmpty ? .null : .map(numbers)
  }

  static func json(_ port: String) -> TemplateValue {
    let (ip, host, inside, kind) = parts(port)
    return .object([
      ("host_ip", .string(ip)), ("container_port", .int(Int64(inside) ?? 0)),
      ("host_port", .int(Int64(host) ?? 0)), ("range", .int(1)), ("protocol", .string(kind)),
    ])
  }
}
