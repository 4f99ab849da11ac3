public import LinuxSystem

/// A container's control group: one directory (v2), or one for each hierarchy (v1).
public struct Cgroup: Equatable, Sendable {
  /// Absolute directories, the one to be born in first.
  public var directories: [String]
  public var layout: HostCgroups.Layout

  public init(directories: [String], layout: HostCgroups.Layout) {
    self.directories = directories
    self.layout = layout
  }

  /// The v2 directory.
  public var unified: String? {
    directories.first { layout == .unified || $0.hasPrefix("\(HostCgroups.mountPoint)/unified/") }
  }

  /// The directory in the hierarchy of a v1 controller.
  public func legacy(_ controller: String) -> String? {
    guard layout == .legacy else { return nil }
    let start = HostCgroups.mountPoint.utf8.count + 1
    return directories.first { directory in
      let name = directory.utf8.dropFirst(start).prefix { $0 != 0x2F }
      return name.split(separator: 0x2C).contains { $0.elementsEqual(controller.utf8) }
    }
  }

  /// A directory to be born in by clone3(2), open; nil without v2.
  public func birthplace() throws(SystemError) -> OwnedDescriptor? {
    guard let unified else { return nil }
    return try OwnedDescriptor.open(unified, [.directory])
  }

  /// Whether a process that is born in its birthplace is in every directory.
  public var isEnteredAtBirth: Bool { directories.allSatisfy { $0 == unified } }

  /// Moves a process into every directory (v2 only when it was not born there).
  public func adopt(_ pid: Int32, bornInUnified: Bool) throws(SystemError) {
    for directory in directories where !(bornInUnified && directory == unified) {
      try FileTree.write("\(directory)/cgroup.procs", "\(pid)")
    }
  }

  /// Every process in it and below.
  public func processes() throws(SystemError) -> [Int32] {
    guard let directory = directories.first else { return [] }
    return try Self.processes(below: directory)
  }

  private static func processes(below directory: String) throws(SystemError) -> [Int32] {
    var found: [Int32] = []
    do throws(SystemError) {
      found = try FileTree.readText("\(directory)/cgroup.procs").split(separator: "\n")
        .compactMap { Int32($0) }
    } catch {
      // Threaded cgroups answer ENOTSUP; a removed one is empty.
      guard [Errno.notSupported, Errno.noEntry, Errno.noDevice].contains(error.errno) else {
        throw error
      }
    }
    for child in try subdirectories(of: directory) {
      found += try processes(below: "\(directory)/\(child)")
    }
    return found
  }

  private static func subdirectories(of directory: String) throws(SystemError) -> [String] {
    do throws(SystemError) {
      return try FileTree.list(directory).filter { name in
        (try? FileStatus.find("\(directory)/\(name)"))??.kind == .directory
      }
    } catch {
      if error.errno == Errno.noEntry { return [] }
      throw error
    }
  }

  /// Kills every process in it (cgroup.kill; Linux 5.14), or signals each by hand.
  public func killAll(_ signal: Int32) throws(SystemError) {
    if signal == 9, let unified, FileTree.exists("\(unified)/cgroup.kill") {
      return try FileTree.write("\(unified)/cgroup.kill", "1")
    }
    for pid in try processes() {
      if let process = try ProcessHandle.find(pid) { try process.kill(signal) }
    }
  }

  /// Removes the directories, the container's own children first; gone ones are fine.
  public func remove() throws(SystemError) {
    for directory in directories { try Self.remove(directory) }
  }

  private static func remove(_ directory: String) throws(SystemError) {
    do throws(SystemError) {
      try FileTree.removeDirectory(directory)
      return
    } catch {
      if error.errno == Errno.noEntry { return }
      guard error.errno == Errno.busy else { throw error }
    }
    // Only now: looking for children among some sixty files costs more than all the rest.
    for child in try subdirectories(of: directory) { try remove("\(directory)/\(child)") }
    do throws(SystemError) {
      try FileTree.removeDirectory(directory)
    } catch {
      if error.errno == Errno.noEntry { return }
      throw error
    }
  }
}
