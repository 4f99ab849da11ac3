import LinuxSystem
import StateStore

/// A temporary directory that goes with the value.
final class Scratch {
  let path: String

  static var uid: UInt32 { CurrentProcess.effectiveUser }

  init() throws {
    path = "/tmp/martlet-state-\(try RandomName.make())"
    try FileTree.ensureDirectory(path)
  }

  deinit {
    // A left-over directory in the temporary folder harms nothing.
    try? FileTree.removeTree(path)
  }

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
