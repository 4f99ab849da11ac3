/// A mount of a mount namespace (proc_pid_mountinfo(5)).
public struct MountEntry: Equatable, Sendable {
  /// The kernel's number for it, which another gets when this one has gone.
  public let id: UInt64
  /// The mount point, seen from the root of the process whose list it is.
  public let place: String
  /// The file system's type, such as `proc`.
  public let type: String

  init?(_ line: Substring) {
    let fields = line.split(separator: " ")
    guard let dash = fields.firstIndex(of: "-"), dash > 5, fields.count > dash + 1,
      let id = UInt64(fields[0])
    else { return nil }
    self.id = id
    // Blanks, line ends and backslashes are octal there.
    place = fields[4].decodingEscapes(mark: UInt8(ascii: "\\"), digits: 3, radix: 8)
    type = String(fields[dash + 1])
  }

  /// Those that a process sees, in the kernel's order: a mount comes after what it is on.
  ///
  /// `process`: its id, or `self`. `proc`: a descriptor of the procfs to ask; nil for /proc.
  public static func list(of process: String = "self", proc: Int32? = nil) throws(SystemError)
    -> [MountEntry]
  {
    let path = "\(proc == nil ? "/proc/" : "")\(process)/mountinfo"
    let text = String(
      decoding: try FileTree.read(path, in: proc ?? OwnedDescriptor.workingDirectory),
      as: UTF8.self)
    return text.split(separator: "\n").compactMap { MountEntry($0) }
  }
}
