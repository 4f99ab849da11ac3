import LinuxSystem
import Model

/// What a column of `top` needs beside its process.
struct TopSurroundings {
  let space: ContainerView
  /// Pids inside the container by the host's.
  let pids: [Int32: Int32]
  let uptime = TopColumn.uptime
}

/// A column of `top`: descriptors of ps(1) and their one-letter codes.
struct TopColumn: Sendable {
  let name: String
  let code: String?
  let heading: String
  let text: @Sendable (ProcessView, TopSurroundings) -> String

  init(
    _ name: String, _ code: String?, _ heading: String,
    _ text: @escaping @Sendable (ProcessView, TopSurroundings) -> String
  ) {
    self.name = name
    self.code = code
    self.heading = heading
    self.text = text
  }

  static let standard = ["user", "pid", "ppid", "pcpu", "etime", "tty", "time", "comm"]

  static func find(_ word: String) -> TopColumn? {
    all.first { $0.name == word || $0.code == word }
  }

  private static let all: [TopColumn] = numbers + owners + times + rights

  private static let numbers: [TopColumn] = [
    TopColumn("pid", "%p", "PID") { process, _ in "\(process.pid)" },
    TopColumn("hpid", nil, "HPID") { process, _ in "\(process.hostPID)" },
    TopColumn("ppid", "%P", "PPID") { process, around in
      "\(around.pids[process.stat.parent] ?? 0)"
    },
    TopColumn("pgid", "%r", "PGID") { process, around in
      let numbers = process.facts.numbers("NSpgid")
      return numbers.count >= around.space.depth
        ? "\(numbers[around.space.depth - 1])" : "\(process.stat.group)"
    },
    TopColumn("nice", "%n", "NI") { process, _ in "\(process.stat.nice)" },
    TopColumn("rss", nil, "RSS") { process, _ in "\(process.stat.residentPages * 4)" },
    TopColumn("vsz", "%z", "VSZ") { process, _ in "\(process.stat.virtualSize / 1024)" },
    TopColumn("state", nil, "STATE") { process, _ in process.stat.state },
    TopColumn("tty", "%y", "TTY") { process, _ in terminal(process.stat.terminal) },
    TopColumn("comm", "%c", "COMMAND") { process, _ in process.stat.command },
    TopColumn("args", "%a", "COMMAND") { process, _ in process.arguments },
    TopColumn("label", nil, "LABEL") { process, _ in
      let text = (try? FileTree.readText("/proc/\(process.hostPID)/attr/current", limit: 4_096))
      return text.map { String($0.prefix { $0 != "\n" && $0 != "\0" }) } ?? "?"
    },
  ]

  private static let owners: [TopColumn] = [
    TopColumn("user", "%U", "USER") { process, around in
      around.space.user(number(process, "Uid", 1))
    },
    TopColumn("ruser", "%u", "RUSER") { process, around in
      around.space.user(number(process, "Uid", 0))
    },
    TopColumn("huser", nil, "HUSER") { process, _ in "\(number(process, "Uid", 1))" },
    TopColumn("group", "%G", "GROUP") { process, around in
      around.space.group(number(process, "Gid", 1))
    },
    TopColumn("rgroup", "%g", "RGROUP") { process, around in
      around.space.group(number(process, "Gid", 0))
    },
    TopColumn("hgroup", nil, "HGROUP") { process, _ in "\(number(process, "Gid", 1))" },
    TopColumn("groups", nil, "GROUPS") { process, around in
      process.facts.numbers("Groups").map(around.space.group).joined(separator: ",")
    },
    TopColumn("hgroups", nil, "HGROUPS") { process, _ in
      process.facts.numbers("Groups").map { "\($0)" }.joined(separator: ",")
    },
  ]

  private static let times: [TopColumn] = [
    TopColumn("time", "%x", "TIME") { process, _ in
      duration((process.stat.userTime + process.stat.systemTime) * tick)
    },
    TopColumn("etime", "%t", "ELAPSED") { process, around in duration(age(process, around)) },
    TopColumn("stime", nil, "STIME") { process, around in
      Timestamp.format(Clock.realtime() - Int64(age(process, around)))
    },
    TopColumn("pcpu", "%C", "%CPU") { process, around in
      let elapsed = age(process, around)
      guard elapsed > 0 else { return "0.000" }
      let used = (process.stat.userTime + process.stat.systemTime) * tick
      let thousandths = used * 100_000 / elapsed
      let fraction = "\(thousandths % 1000)"
      return "\(thousandths / 1000)."
        + String(repeating: "0", count: 3 - fraction.utf8.count) + fraction
    },
  ]

  private static let rights: [TopColumn] =
    [
      ("capamb", "AMBIENT CAPS", "CapAmb"), ("capbnd", "BOUNDING CAPS", "CapBnd"),
      ("capeff", "EFFECTIVE CAPS", "CapEff"), ("capinh", "INHERITED CAPS", "CapInh"),
      ("capprm", "PERMITTED CAPS", "CapPrm"),
    ].map { name, heading, field in
      TopColumn(name, nil, heading) { process, _ in capabilities(process.facts[field]) }
    } + [
      TopColumn("seccomp", nil, "SECCOMP") { process, _ in
        switch process.facts["Seccomp"] {
        case "0": "disabled"
        case "1": "strict"
        case "2": "filter"
        default: "?"
        }
      }
    ]

  // MARK: - Texts

  private static let tick: UInt64 = 1_000_000_000 / ProcessStat.ticks

  /// Nanoseconds since the machine started.
  static var uptime: UInt64 {
    let text = (try? FileTree.readText("/proc/uptime", limit: 256)) ?? "0"
    return UInt64((Double(text.prefix { $0 != " " }) ?? 0) * 1e9)
  }

  private static func age(_ process: ProcessView, _ around: TopSurroundings) -> UInt64 {
    let started = process.stat.started * tick
    return around.uptime > started ? around.uptime - started : 0
  }

  private static func number(_ process: ProcessView, _ field: String, _ index: Int) -> UInt32 {
    let numbers = process.facts.numbers(field)
    return numbers.count > index ? numbers[index] : 0
  }

  /// Unix98 terminals have the majors 136 to 143 (devices.txt).
  private static func terminal(_ number: Int) -> String {
    guard number != 0 else { return "?" }
    let major = (number >> 8) & 0xFFF
    let minor = (number & 0xFF) | ((number >> 12) & 0xFFF00)
    switch major {
    case 136...143: return "pts/\((major - 136) * 256 + minor)"
    case 4: return "tty\(minor)"
    default: return "?"
    }
  }

  /// As Go prints durations: `1m2.5s`.
  static func duration(_ nanoseconds: UInt64) -> String { GoDuration.format(Int64(nanoseconds)) }

  private static func capabilities(_ hexadecimal: String) -> String {
    guard let mask = UInt64(hexadecimal, radix: 16) else { return "?" }
    if mask == 0 { return "none" }
    let names = Capability.names
    let held = names.indices.filter { mask & (1 << UInt64($0)) != 0 }.map { names[$0] }
    if held.count == names.count { return "full" }
    return held.map { $0.hasPrefix("CAP_") ? String($0.dropFirst(4)) : $0 }.joined(separator: ",")
  }
}
