import LinuxSystem
import Model

/// The records that a monitor leaves for readers: live ones on a tmpfs, the exit on disk.
struct RunFiles {
  let directory: String
  let exitPath: String?
  /// Held, so that names in it never depend on the path's length.
  let handle: HeldDescriptor

  init(_ order: MonitorOrder) throws(SystemError) {
    directory = order.runDirectory
    exitPath = order.exitRecord
    handle = HeldDescriptor(
      try OwnedDescriptor.open(order.runDirectory, [.path, .directory]))
  }

  /// Replaces `name` in the run directory.
  ///
  /// No flush: it does not outlive the boot.
  func write(_ name: String, _ text: String) throws(SystemError) {
    let temporary = "\(directory)/.\(name).new"
    try FileTree.write(temporary, text)
    try FileTree.rename(temporary, to: "\(directory)/\(name)")
  }

  /// Replaces the exit record so that it survives a crash of the machine from here on.
  func writeExit(_ record: ExitRecord) throws(SystemError) {
    guard let exitPath else { return }
    let temporary = exitPath + ".new"
    let parent = exitPath.lastIndex(of: "/").map { String(exitPath[..<$0]) } ?? "."
    do throws(SystemError) {
      let file = try OwnedDescriptor.open(temporary, [.writeOnly, .create, .truncate])
      try Descriptor.writeAll(file.raw, record.record.text)
      try Descriptor.sync(file.raw)
      try FileTree.rename(temporary, to: exitPath)
      try FileTree.sync(parent.isEmpty ? "/" : parent)
    } catch {
      // The temporary file may be what filled the disk; it may also never have been made.
      _ = try? FileTree.unlinkIfPresent(temporary)
      throw error
    }
  }
}
