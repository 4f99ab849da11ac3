import LinuxSystem
public import OCISpec
public import SystemdBus

/// Control groups that systemd makes: a scope for each container, delegated to it.
///
/// systemd wants to know a process that is to live in a new scope, so the container's first process
/// is made before its cgroup and moved there while it waits.
public struct SystemdCgroupManager: Sendable {
  /// The unit, such as `libpod-ID.scope`.
  public let unit: String
  /// The slice that holds it, such as `user.slice`.
  public let slice: String

  /// Of `linux.cgroupsPath`: `slice:prefix:name`, or nothing.
  public init(path: String?, id: String) throws(CgroupError) {
    let isRoot = Self.address == .system
    let path = path.flatMap { $0.isEmpty ? nil : $0 } ?? ":martlet:\(id)"
    let parts = path.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 3, !path.contains("/"), !parts[2].isEmpty else {
      throw .unsupported(
        field: "linux.cgroupsPath",
        "`\(path)` is not slice:prefix:name, as the systemd manager needs it")
    }
    slice = parts[0].isEmpty ? (isRoot ? "system.slice" : "user.slice") : parts[0]
    guard slice.hasSuffix(".slice") else {
      throw .unsupported(field: "linux.cgroupsPath", "`\(slice)` is not the name of a slice")
    }
    unit = "\(parts[1].isEmpty ? "" : "\(parts[1])-")\(parts[2]).scope"
  }

  /// The system's manager for root of the host, else the user's.
  public static var address: BusAddress {
    let initial = (try? Credentials.isInitialUserNamespace()) ?? true
    return initial && CurrentProcess.effectiveUser == 0 ? .system : .user
  }

  /// Starts the unit around a process and sets the limits.
  public func start(
    pid: Int32, id: String, limits: RuntimeResources?, annotations: [String: String]
  ) throws(CgroupError) -> Cgroup {
    guard HostCgroups.layout() == .unified else {
      throw .unsupported(
        field: "linux.cgroupsPath", "the systemd manager needs a host with cgroup v2 alone")
    }
    let settings = try UnifiedLimits(limits ?? RuntimeResources()).settings
    do throws(BusError) {
      let properties = try properties(pid: pid, id: id, settings, annotations)
      var manager = try UnitManager(Self.address)
      try manager.startTransient(unit, properties)
    } catch { throw .systemd(unit: unit, error) }
    let group = Cgroup(directories: [try Self.directory(of: pid)], layout: .unified)
    guard group.directories[0].split(separator: "/").contains(Substring(unit)) else {
      throw .unsupported(
        field: "linux.cgroupsPath",
        "systemd started \(unit), but the process is in \(group.directories[0])")
    }
    if let limits {
      try group.apply(limits, enabling: Self.unmanaged)
      try group.confineDevices(limits.devices)
    }
    return group
  }

  /// Controllers that systemd has no delegation for: those are ours to enable.
  public static let unmanaged: Set<String> = ["hugetlb", "rdma", "misc", "dmem"]

  func properties(
    pid: Int32, id: String, _ settings: [LimitSetting], _ annotations: [String: String]
  ) throws(BusError) -> [UnitProperty] {
    var properties = [
      UnitProperty("Description", .string("martlet container \(id)")),
      UnitProperty("DefaultDependencies", .bool(false)),
      UnitProperty("Slice", .string(slice)),
      UnitProperty("Delegate", .bool(true)),
      UnitProperty("PIDs", .array(of: "u", [.uint32(UInt32(bitPattern: pid))])),
      // A scope whose processes the kernel killed for memory goes away by itself, too.
      UnitProperty("CollectMode", .string("inactive-or-failed")),
    ]
    for accounting in ["MemoryAccounting", "CPUAccounting", "IOAccounting", "TasksAccounting"] {
      properties.append(UnitProperty(accounting, .bool(true)))
    }
    properties += UnitLimits(settings).properties
    for asked in try UnitProperty.asked(by: annotations) {
      properties.removeAll { $0.name == asked.name }
      properties.append(asked)
    }
    return properties
  }

  /// The v2 directory of a process (cgroups(7), /proc/PID/cgroup).
  private static func directory(of pid: Int32) throws(CgroupError) -> String {
    do throws(SystemError) {
      let text = try FileTree.readText("/proc/\(pid)/cgroup")
      guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("0::/") }) else {
        throw SystemError("find", "/proc/\(pid)/cgroup", errno: Errno.noEntry)
      }
      return HostCgroups.mountPoint + line.dropFirst(3)
    } catch { throw .system("find the container's cgroup", error) }
  }

  /// Tells systemd of changed limits.
  public static func update(_ unit: String, _ limits: RuntimeResources) throws(CgroupError) {
    let properties = UnitLimits(try UnifiedLimits(limits).settings).properties
    guard !properties.isEmpty else { return }
    do throws(BusError) {
      var manager = try UnitManager(address)
      try manager.setProperties(unit, properties)
    } catch { throw .systemd(unit: unit, error) }
  }

  /// Stops the unit; one that is gone is fine.
  public static func stop(_ unit: String) throws(CgroupError) {
    do throws(BusError) {
      var manager = try UnitManager(address)
      try manager.stop(unit)
    } catch { throw .systemd(unit: unit, error) }
  }

  /// Moves a process into the unit's cgroup, where only systemd may write.
  public static func attach(_ pid: Int32, to unit: String, at address: BusAddress)
    throws(CgroupError)
  {
    do throws(BusError) {
      var manager = try UnitManager(address)
      try manager.attach([pid], to: unit)
    } catch { throw .systemd(unit: unit, error) }
  }
}
