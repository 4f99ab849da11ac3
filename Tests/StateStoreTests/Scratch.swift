import LinuxSystem
import StateStore

/// A place for one test's files; the system's temporary directory is swept by its owner.
enum Scratch {
  static func directory() -> String {
    let path = "/tmp/martlet-state-\(CurrentProcess.id)-\((try? RandomName.make()) ?? "x")"
    try? FileTree.ensureDirectory(path)
    return path
  }

  static var uid: UInt32 { CurrentProcess.effectiveUser }

  static func plant(_ kind: String, at path: String) throws {
    switch kind {
    case "link": try FileTree.makeLink(path, to: "/tmp")
    case "open":
      try FileTree.makeDirectory(path)
      try FileTree.setMode(path, 0o777)
    default: try FileTree.write(path, "")
    }
  }
}
