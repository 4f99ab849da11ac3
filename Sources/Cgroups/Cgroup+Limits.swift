import LinuxSystem
public import OCISpec

extension Cgroup {
  /// Sets limits, new or changed; a limit that cannot be set is an error with its field.
  public func apply(_ resources: RuntimeResources) throws(CgroupError) {
    switch layout {
    case .none: return
    case .unified:
      let settings = try UnifiedLimits(resources).settings
      try enable(Set(settings.map(\.controller)), for: settings)
      for setting in settings {
        guard let directory = directories.first else { continue }
        try write(setting, in: directory)
      }
    case .legacy:
      for setting in try LegacyLimits(resources).settings {
        guard let directory = legacy(setting.controller) else {
          throw .unsupported(
            field: setting.field, "no cgroup v1 controller `\(setting.controller)` is mounted")
        }
        try write(setting, in: directory)
      }
      try applyLegacyDevices(resources.devices)
    }
  }

  private func write(_ setting: LimitSetting, in directory: String) throws(CgroupError) {
    let path = "\(directory)/\(setting.file)"
    do throws(SystemError) {
      try FileTree.write(path, setting.value)
    } catch {
      // memory.swap.max is absent without swap accounting; then there is no swap to limit.
      if setting.optional && (error.errno == Errno.noEntry || error.errno == Errno.accessDenied) {
        return
      }
      throw .limit(field: setting.field, file: path, error)
    }
  }

  /// Enables controllers in every ancestor that is ours to change (cgroup.subtree_control).
  private func enable(_ controllers: Set<String>, for settings: [LimitSetting])
    throws(CgroupError)
  {
    guard let directory = directories.first, !controllers.isEmpty else { return }
    if try missing(controllers, in: directory).isEmpty { return }
    var at = HostCgroups.mountPoint
    let parts = directory.dropFirst(at.count).split(separator: "/")
    for part in parts {
      for controller in controllers.sorted() {
        // One by one: a controller that cannot be had must not keep the others away. Ancestors
        // that belong to somebody else have what they have.
        try? FileTree.write("\(at)/cgroup.subtree_control", "+\(controller)")
      }
      at += "/\(part)"
    }
    guard let lacking = try missing(controllers, in: directory).first,
      let setting = settings.first(where: { $0.controller == lacking && !$0.optional })
    else { return }
    throw .unsupported(
      field: setting.field,
      "the cgroup controller `\(lacking)` is not available in \(directory)")
  }

  private func missing(_ controllers: Set<String>, in directory: String) throws(CgroupError)
    -> [String]
  {
    do throws(SystemError) {
      let have = try FileTree.readText("\(directory)/cgroup.controllers")
      let names = Set(have.split { $0 == " " || $0 == "\n" }.map(String.init))
      return controllers.subtracting(names).sorted()
    } catch { throw .system("read the cgroup's controllers", error) }
  }

  /// Attaches the device rules to a v2 cgroup.
  ///
  /// Only root of the initial user namespace may; in others no node can be made and those of the
  /// host are what is reachable.
  public func confineDevices(_ rules: [RuntimeDeviceRule]) throws(CgroupError) {
    guard layout == .unified, !rules.isEmpty, let directory = directories.first else { return }
    do throws(SystemError) {
      guard try Credentials.isInitialUserNamespace(), CurrentProcess.effectiveUser == 0 else {
        return
      }
      let program = try DeviceProgram(
        DeviceFilter(rules + DeviceFilter.alwaysAllowed).instructions)
      let cgroup = try OwnedDescriptor.open(directory, [.directory])
      try program.attach(toCgroup: cgroup.raw)
    } catch { throw .system("set linux.resources.devices", error) }
  }

  /// devices.allow and devices.deny in the order of the rules.
  private func applyLegacyDevices(_ rules: [RuntimeDeviceRule]) throws(CgroupError) {
    guard !rules.isEmpty, let directory = legacy("devices") else { return }
    for rule in rules + DeviceFilter.alwaysAllowed {
      let number = { (value: Int64?) in value.map { $0 < 0 ? "*" : "\($0)" } ?? "*" }
      let type = rule.type.flatMap { $0.isEmpty ? nil : $0 } ?? "a"
      let text =
        type == "a" && rule.major == nil
        ? "a" : "\(type) \(number(rule.major)):\(number(rule.minor)) \(rule.access ?? "rwm")"
      let file = "\(directory)/\(rule.allow ? "devices.allow" : "devices.deny")"
      do throws(SystemError) { try FileTree.write(file, text) } catch {
        // Without the right to change it (a user namespace) the caller's own rules hold.
        if error.errno == Errno.notPermitted || error.errno == Errno.accessDenied { return }
        throw .limit(field: "linux.resources.devices", file: file, error)
      }
    }
  }
}
