import LinuxSystem

/// What the kernel and the distribution say of this machine.
public struct HostFacts: Sendable {
  public var kernel = ""
  public var hostname = ""
  public var architecture = ""
  public var processors = 0
  /// Bytes.
  public var memoryTotal: Int64 = 0
  public var memoryFree: Int64 = 0
  public var swapTotal: Int64 = 0
  public var swapFree: Int64 = 0
  /// Seconds since boot.
  public var uptime: Int64 = 0
  public var distribution = Distribution()
  public var cgroupVersion = "v1"
  /// Controllers that this process may use for its containers.
  public var cgroupControllers: [String] = []
  public var hasSELinux = false
  public var hasAppArmor = false

  /// From os-release(5).
  public struct Distribution: Equatable, Sendable {
    public var name = "unknown"
    public var version = ""
    public var codename = ""

    public init() {}

    public init(parsing text: String) {
      func value(_ key: String) -> String? {
        for line in text.split(separator: "\n") where line.hasPrefix("\(key)=") {
          return line.dropFirst(key.utf8.count + 1).filter { $0 != "\"" && $0 != "'" }
        }
        return nil
      }
      name = value("ID") ?? "unknown"
      version = value("VERSION_ID") ?? ""
      codename = value("VERSION_CODENAME") ?? ""
    }
  }

  /// Reads all of it; what cannot be read stays empty.
  public static func read() -> HostFacts {
    var facts = HostFacts()
    facts.kernel = line("/proc/sys/kernel/osrelease")
    facts.hostname = line("/proc/sys/kernel/hostname")
    facts.processors = count(line("/sys/devices/system/cpu/online"))
    let memory = text("/proc/meminfo")
    facts.memoryTotal = amount("MemTotal", in: memory)
    facts.memoryFree = amount("MemFree", in: memory)
    facts.swapTotal = amount("SwapTotal", in: memory)
    facts.swapFree = amount("SwapFree", in: memory)
    facts.uptime = Int64(line("/proc/uptime").prefix { $0 != "." }) ?? 0
    let release = text("/etc/os-release")
    facts.distribution = Distribution(
      parsing: release.isEmpty ? text("/usr/lib/os-release") : release)
    if HostCgroup.hasUnified {
      facts.cgroupVersion = "v2"
      facts.cgroupControllers = controllers()
    }
    facts.hasSELinux = FileTree.exists("/sys/fs/selinux/enforce")
    facts.hasAppArmor = line("/sys/module/apparmor/parameters/enabled") == "Y"
    return facts
  }

  /// Those of our own cgroup's parent: where containers' groups are made.
  private static func controllers() -> [String] {
    for entry in text("/proc/self/cgroup").split(separator: "\n") where entry.hasPrefix("0::/") {
      var own = String(entry.dropFirst(3))
      if let slash = own.lastIndex(of: "/") { own = String(own[..<slash]) }
      let found = line("\(HostCgroup.mountPoint)\(own)/cgroup.controllers")
      return found.split(separator: " ").map(String.init)
    }
    return []
  }

  /// `0-3,6` has five.
  static func count(_ list: String) -> Int {
    list.split(separator: ",").reduce(0) { total, part in
      let ends = part.split(separator: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last, last >= first else { return total }
      return total + last - first + 1
    }
  }

  /// A line such as `MemTotal:  16384 kB`, in bytes.
  static func amount(_ key: String, in text: String) -> Int64 {
    for line in text.split(separator: "\n") where line.hasPrefix("\(key):") {
      let words = line.split(separator: " ")
      return words.count > 1 ? (Int64(words[1]) ?? 0) * 1024 : 0
    }
    return 0
  }

  private static func text(_ path: String) -> String {
    (try? FileTree.readText(path, limit: 1 << 20)) ?? ""
  }

  private static func line(_ path: String) -> String {
    text(path).split(separator: "\n").first.map(String.init) ?? ""
  }
}
