extension CurrentProcess {
  /// The ids of this process's children, zombies among them; none where the kernel does not tell
  /// (proc(5), `/proc/pid/task/tid/children`).
  public static func children() -> [Int32] {
    let path = "/proc/self/task/\(id)/children"
    let text = (try? FileTree.readText(path, limit: 65_536)) ?? ""
    return text.split(separator: " ").compactMap { Int32($0) }
  }
}
