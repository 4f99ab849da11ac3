import LinuxSystem
import Model

/// A running container whose live directory somebody deleted: `$XDG_RUNTIME_DIR` was emptied.
///
/// Its monitor still holds the lock, and the lock's text says who that is.
struct LostContainer {
  /// Its first process.
  let pid: Int32
  /// Nanoseconds of the epoch.
  let started: Int64

  /// The line that a start adds to the lock's text.
  ///
  /// As long for every process, so that it covers that of the last start.
  static func text(monitor pid: Int32) -> String {
    let digits = "\(pid)"
    return "monitor \(String(repeating: "0", count: max(0, 10 - digits.count)))\(digits)\n"
  }

  /// The programs that are children of a monitor beside the container.
  private static let helpers = ["martlet", "pasta", "passt", "slirp4netns", "crun", "runc"]

  /// Nil when the monitor has no container; then it is about to have one, or to leave.
  static func find(lock path: String) -> LostContainer? {
    guard let text = try? FileTree.readText(path, limit: 4_096),
      let record = LineRecord(parsing: text), record["boot-id"] == BootID.current,
      let monitor = record.integer("monitor")
    else { return nil }
    let all = ((try? FileTree.list("/proc")) ?? []).compactMap { Int32($0) }
    for pid in all {
      guard let stat = ProcessStat(pid), stat.parent == monitor, stat.state != "Z",
        !helpers.contains(where: { stat.command.hasPrefix($0) })
      else { continue }
      return LostContainer(pid: pid, started: record.integer("started") ?? 0)
    }
    return nil
  }
}
