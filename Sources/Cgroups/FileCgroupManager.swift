public import LinuxSystem
public import Model
public import OCISpec
public import SystemdBus

/// A limit or group that cannot be had.
public enum CgroupError: ReportableError, Equatable {
  case unusablePath(String)
  case occupied(problem: String, hint: String)
  case notDelegated(path: String, limits: [String], SystemError)
  case limit(field: String, file: String, SystemError)
  case unsupported(field: String, String)
  case system(String, SystemError)
  case systemd(unit: String, BusError)

  public var report: ErrorReport {
    switch self {
    case .unusablePath(let path):
      ErrorReport(.invalidRequest, "linux.cgroupsPath: `\(path)` is not a cgroup's path")
    case .occupied(let problem, let hint):
      ErrorReport(.conflict, "the container's cgroup \(problem)", hint: hint)
    case .notDelegated(let path, let limits, let error):
      ErrorReport(
        .notPermitted,
        "cannot set \(limits.joined(separator: ", ")): no cgroup can be made at \(path) (\(error))",
        hint:
          "run in a delegated cgroup (systemd-run --user --scope -p Delegate=yes), or set no limits"
      )
    case .limit(let field, let file, let error):
      ErrorReport(.unavailable, "cannot set \(field): \(file): \(error.reason)")
    case .unsupported(let field, let problem):
      ErrorReport(.unavailable, "cannot set \(field): \(problem)")
    case .system(let step, let error):
      ErrorReport(.unavailable, "\(step): \(error)")
    case .systemd(let unit, let error):
      ErrorReport(
        error.report.kind, "the cgroup \(unit): \(error.report.message)", hint: error.report.hint)
    }
  }
}

/// Control groups made by hand in /sys/fs/cgroup.
public struct FileCgroupManager: Sendable {
  public init() {}

  /// Makes the container's cgroup and sets its limits.
  ///
  /// Nil where none can be made and none is asked for (nor `required`): the container then stays in
  /// the caller's.
  public func make(
    path: String?, id: String, limits: RuntimeResources?, required: Bool = false
  ) throws(CgroupError) -> Cgroup? {
    var asked = limits?.askedFields ?? []
    if required { asked.append("linux.cgroupsPath") }
    let layout = HostCgroups.layout()
    let relative = try Self.relativePath(path, id: id)
    switch layout {
    case .none:
      guard asked.isEmpty else {
        throw .notDelegated(
          path: HostCgroups.mountPoint, limits: asked,
          SystemError("statfs", HostCgroups.mountPoint, errno: Errno.notSupported))
      }
      return nil
    case .unified: return try makeUnified(relative, limits, asked)
    case .legacy: return try makeLegacy(relative, limits, asked)
    }
  }

  private func makeUnified(_ relative: String, _ limits: RuntimeResources?, _ asked: [String])
    throws(CgroupError) -> Cgroup?
  {
    let directory = HostCgroups.mountPoint + relative
    let isNew: Bool
    do throws(SystemError) {
      isNew = try Self.ensureDirectory(directory)
    } catch {
      guard asked.isEmpty else { throw .notDelegated(path: directory, limits: asked, error) }
      return nil
    }
    let group = Cgroup(directories: [directory], layout: .unified)
    if !isNew {
      // Somebody else's of the same name: as if none could be made.
      if asked.isEmpty, !FileTree.isWritable("\(directory)/cgroup.procs") { return nil }
      try group.checkIsFree()
    }
    do throws(CgroupError) {
      if let limits {
        try group.apply(limits)
        try group.confineDevices(limits.devices)
      }
    } catch {
      // The limits' failure is the news; an empty directory may stay.
      try? group.remove()
      throw error
    }
    return group
  }

  /// Of the v1 hierarchies those that carry a limit, and those that every container is glad of.
  private static let common: Set<String> = [
    "memory", "cpu", "cpuacct", "cpu,cpuacct", "pids", "freezer", "devices", "blkio", "unified",
  ]

  private func makeLegacy(_ relative: String, _ limits: RuntimeResources?, _ asked: [String])
    throws(CgroupError) -> Cgroup?
  {
    let wanted = Set(try LegacyLimits(limits ?? RuntimeResources()).settings.map(\.controller))
    var group = Cgroup(directories: [], layout: .legacy)
    var found = Cgroup(directories: [], layout: .legacy)
    do throws(SystemError) {
      for hierarchy in try HostCgroups.legacyHierarchies() {
        let controllers = hierarchy.name.split(separator: ",").map(String.init)
        guard Self.common.contains(hierarchy.name) || controllers.contains(where: wanted.contains)
        else { continue }
        let directory = "\(HostCgroups.mountPoint)/\(hierarchy.name)\(relative)"
        if try !Self.ensureDirectory(directory) { found.directories.append(directory) }
        if controllers.contains("cpuset") {
          try inheritCPUs(hierarchy.name, relative)
        }
        group.directories.append(directory)
      }
    } catch {
      try? group.remove()
      guard asked.isEmpty else {
        throw .notDelegated(path: HostCgroups.mountPoint + relative, limits: asked, error)
      }
      return nil
    }
    try found.checkIsFree()
    do throws(CgroupError) {
      if let limits { try group.apply(limits) }
    } catch {
      try? group.remove()
      throw error
    }
    return group
  }

  /// Whether it was missing, and is made now with its parents.
  private static func ensureDirectory(_ path: String) throws(SystemError) -> Bool {
    do throws(SystemError) {
      try FileTree.makeDirectory(path, mode: 0o755)
      return true
    } catch {
      if error.errno == Errno.exists { return false }
      guard error.errno == Errno.noEntry else { throw error }
    }
    try FileTree.ensureDirectory(path, mode: 0o755)
    return true
  }

  /// A v1 cpuset takes no process before its lists are filled, from its parent's.
  private func inheritCPUs(_ hierarchy: String, _ relative: String) throws(SystemError) {
    var at = "\(HostCgroups.mountPoint)/\(hierarchy)"
    for part in relative.split(separator: "/") {
      let parent = at
      at += "/\(part)"
      for file in ["cpuset.cpus", "cpuset.mems"] {
        let now = try FileTree.readText("\(at)/\(file)")
        guard now.allSatisfy(\.isWhitespace) else { continue }
        try FileTree.write("\(at)/\(file)", try FileTree.readText("\(parent)/\(file)"))
      }
    }
  }

  /// `/a/b` from the root of the hierarchy; `slice:prefix:name` as systemd would place it.
  static func relativePath(_ path: String?, id: String) throws(CgroupError) -> String {
    guard let path, !path.isEmpty else { return "/\(id)" }
    let parts = path.split(separator: ":", omittingEmptySubsequences: false)
    if parts.count == 3, !path.contains("/") {
      let slice = parts[0].isEmpty ? "system.slice" : String(parts[0])
      return "/\(slice)/\(parts[1].isEmpty ? "" : "\(parts[1])-")\(parts[2]).scope"
    }
    let components = path.split(separator: "/")
    guard !components.isEmpty, !components.contains(where: { $0 == ".." || $0 == "." }) else {
      throw .unusablePath(path)
    }
    return "/" + components.joined(separator: "/")
  }
}
