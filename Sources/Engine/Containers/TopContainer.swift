import LinuxSystem
import Model

/// The table of a container's processes, read from the host's /proc.
public struct TopContainer {
  private let store: ContainerStore

  public init(_ context: EngineContext) { store = ContainerStore(context) }

  public struct Table: Sendable {
    public var headings: [String]
    public var rows: [[String]]
  }

  /// Its headings and rows, oldest process first.
  ///
  /// `descriptors`: columns' names or codes, possibly several with commas between; none gives the
  /// usual ones.
  ///
  /// - Throws: when the container does not run, or a column is unknown.
  public func run(_ id: String, _ descriptors: [String]) throws -> Table {
    let config = try store.load(id)
    let status = try StatusReader(store).read(id)
    guard let pid = status.pid else {
      throw EngineError.notRunning(config.name, state: status.word)
    }
    let columns = try Self.columns(descriptors)
    let space = try ContainerView(pid: pid)
    let pids = ContainerProcesses(id: id, first: pid).list()
    let processes = pids.compactMap { ProcessView($0, in: space) }
    let inside = Dictionary(
      processes.map { ($0.hostPID, $0.pid) }, uniquingKeysWith: { first, _ in first })
    return Table(
      headings: columns.map(\.heading),
      rows: processes.sorted { $0.stat.started < $1.stat.started }.map { process in
        columns.map { $0.text(process, TopSurroundings(space: space, pids: inside)) }
      })
  }

  /// Whether the words are columns rather than options for ps(1).
  public static func knows(_ descriptors: [String]) -> Bool {
    (try? columns(descriptors)) != nil
  }

  private static func columns(_ descriptors: [String]) throws(ErrorReport) -> [TopColumn] {
    // As ps(1) is asked for columns of all processes.
    let isLikePs = descriptors.count == 2 && ["-eo", "-Ao"].contains(descriptors[0])
    let words = descriptors.dropFirst(isLikePs ? 1 : 0).flatMap {
      $0.split { $0 == "," || $0 == " " }.map(String.init)
    }
    var columns: [TopColumn] = []
    for word in words.isEmpty ? TopColumn.standard : words {
      guard let column = TopColumn.find(word) else {
        throw ErrorReport(.invalidRequest, "\(word): unknown descriptor")
      }
      columns.append(column)
    }
    return columns
  }
}

/// The names and numbers that count inside a container.
struct ContainerView {
  let users: UserLookup
  private let userMap: [(inside: UInt32, outside: UInt32, count: UInt32)]
  private let groupMap: [(inside: UInt32, outside: UInt32, count: UInt32)]
  /// How many process namespaces deep the container is, seen from here.
  let depth: Int

  init(pid: Int32) throws {
    let root = try RootDirectory("/proc/\(pid)/root")
    users = try UserLookup(root: root)
    userMap = Self.map("/proc/\(pid)/uid_map")
    groupMap = Self.map("/proc/\(pid)/gid_map")
    depth = max(1, ProcessFacts(pid)?.numbers("NSpid").count ?? 1)
  }

  private static func map(_ path: String) -> [(inside: UInt32, outside: UInt32, count: UInt32)] {
    let text = (try? FileTree.readText(path, limit: 65_536)) ?? ""
    return text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ").compactMap { UInt32($0) }
      return fields.count == 3 ? (fields[0], fields[1], fields[2]) : nil
    }
  }

  func user(_ host: UInt32) -> String {
    guard let id = Self.inside(host, userMap) else { return "?" }
    return users.userName(id) ?? "\(id)"
  }

  func group(_ host: UInt32) -> String {
    guard let id = Self.inside(host, groupMap) else { return "?" }
    return users.groupName(id) ?? "\(id)"
  }

  private static func inside(
    _ host: UInt32, _ map: [(inside: UInt32, outside: UInt32, count: UInt32)]
  ) -> UInt32? {
    for range in map where host >= range.outside && host - range.outside < range.count {
      return range.inside + (host - range.outside)
    }
    return nil
  }
}

/// `Name: value` lines of /proc/PID/status (proc_pid_status(5)).
struct ProcessFacts {
  private var values: [Substring: Substring] = [:]

  init?(_ pid: Int32) {
    guard let text = try? FileTree.readText("/proc/\(pid)/status", limit: 65_536) else {
      return nil
    }
    for line in text.split(separator: "\n") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      values[line[..<colon]] = line[line.index(after: colon)...]
    }
  }

  subscript(name: String) -> String {
    (values[name[...]] ?? "").filter { $0 != "\t" && $0 != " " }
  }

  func numbers(_ name: String) -> [UInt32] {
    (values[name[...]] ?? "").split { $0 == "\t" || $0 == " " }.compactMap { UInt32($0) }
  }
}

/// One process as a container's own tools would see it.
struct ProcessView {
  let hostPID: Int32
  let pid: Int32
  let stat: ProcessStat
  let facts: ProcessFacts

  /// Nil when it is gone.
  init?(_ host: Int32, in space: ContainerView) {
    guard let stat = ProcessStat(host), let facts = ProcessFacts(host) else { return nil }
    hostPID = host
    let numbers = facts.numbers("NSpid")
    pid = numbers.count >= space.depth ? Int32(clamping: numbers[space.depth - 1]) : host
    self.stat = stat
    self.facts = facts
  }

  var arguments: String {
    let bytes = (try? FileTree.read("/proc/\(hostPID)/cmdline", limit: 1 << 20)) ?? []
    let words = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    return words.isEmpty ? "[\(stat.command)]" : words.joined(separator: " ")
  }
}
