import LinuxSystem
public import OCISpec

extension Cgroup {
  /// Sets limits, new or changed; a limit that cannot be set is an error with its field.
  ///
  /// `enabling` is the controllers that may be enabled in the ancestors, which a service manager may
  /// keep for itself; nil is all.
  public func apply(_ resources: RuntimeResources, enabling: Set<String>? = nil)
    throws(CgroupError)
  {
    switch layout {
    case .none: return
    case .unified:
      let settings = try UnifiedLimits(resources).settings
      try checkUsage(resources)
      try enable(Set(settings.map(\.controller)), for: settings, allowed: enabling)
      try write(settings) { _ in directories.first }
    case .legacy:
      let settings = try LegacyLimits(resources).settings
      for setting in settings where legacy(setting.controller) == nil {
        throw .unsupported(
          field: setting.field, "no cgroup v1 controller `\(setting.controller)` is mounted")
      }
      try checkUsage(resources)
      try write(settings) { legacy($0) }
      try applyLegacyDevices(resources.devices)
    }
  }

  /// Some limits bound each other (memory and swap, quota and burst): one that is refused is tried
  /// again when the others have been written.
  private func write(_ settings: [LimitSetting], place: (String) -> String?) throws(CgroupError) {
    var refused: [LimitSetting] = []
    for setting in settings {
      guard let directory = place(setting.controller) else { continue }
      do throws(CgroupError) { try write(setting, in: directory) } catch {
        guard case .limit(_, _, let cause) = error, settings.count > 1,
          cause.errno == Errno.invalid || cause.errno == Errno.busy
        else { throw error }
        refused.append(setting)
      }
    }
    for setting in refused {
      if let directory = place(setting.controller) { try write(setting, in: directory) }
    }
  }

  /// memory.checkBeforeUpdate: a limit below what is used already would kill.
  private func checkUsage(_ resources: RuntimeResources) throws(CgroupError) {
    guard let memory = resources.memory, memory.checkBeforeUpdate == true,
      let limit = memory.limit, limit > 0, let usage = CgroupStats(of: self).memoryUsage,
      usage > UInt64(limit)
    else { return }
    throw .unsupported(
      field: "linux.resources.memory.limit", "\(usage) bytes are in use, more than \(limit)")
  }

  private func write(_ setting: LimitSetting, in directory: String) throws(CgroupError) {
    let path = "\(directory)/\(setting.file)"
    do throws(SystemError) {
      var value = setting.value
      if setting.keepsFirstWord,
        let now = try FileTree.readText(path).split(whereSeparator: \.isWhitespace).first,
        let space = value.firstIndex(of: " ")
      {
        value = "\(now)\(value[space...])"
      }
      try FileTree.write(path, value)
    } catch {
      // Kernels make no files in these directories: what is missing cannot be created either.
      let isMissing = error.errno == Errno.noEntry || error.errno == Errno.accessDenied
      if isMissing && setting.optional { return }
      guard isMissing, setting.alternative.count == 2 else {
        throw .limit(field: setting.field, file: path, error)
      }
      let other = "\(directory)/\(setting.alternative[0])"
      do throws(SystemError) { try FileTree.write(other, setting.alternative[1]) } catch {
        throw .limit(field: setting.field, file: other, error)
      }
    }
  }

  /// Enables controllers in every ancestor that is ours to change (cgroup.subtree_control).
  private func enable(
    _ controllers: Set<String>, for settings: [LimitSetting], allowed: Set<String>?
  ) throws(CgroupError) {
    guard let directory = directories.first, !controllers.isEmpty else { return }
    if try missing(controllers, in: directory).isEmpty { return }
    var at = HostCgroups.mountPoint
    let parts = directory.dropFirst(at.count).split(separator: "/")
    let ours = allowed.map { controllers.intersection($0) } ?? controllers
    for part in parts where !ours.isEmpty {
      for controller in ours.sorted() {
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
      "the cgroup controller `\(lacking)` is not available under \(directory)")
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

  /// Attaches the device rules to a v2 cgroup; rules that were there before go.
  ///
  /// Only root of the initial user namespace may; in others no node can be made and those of the
  /// host are what is reachable.
  public func confineDevices(_ rules: [RuntimeDeviceRule], replacing: Bool = false)
    throws(CgroupError)
  {
    guard layout == .unified, !rules.isEmpty, let directory = directories.first else { return }
    do throws(SystemError) {
      guard try Credentials.isInitialUserNamespace(), CurrentProcess.effectiveUser == 0 else {
        return
      }
      let program = try DeviceProgram(
        DeviceFilter(rules + DeviceFilter.alwaysAllowed).instructions)
      let cgroup = try OwnedDescriptor.open(directory, [.directory])
      let old = replacing ? try DeviceProgram.attached(toCgroup: cgroup.raw) : []
      // All programs must allow: in between, access is never wider than before or after.
      try program.attach(toCgroup: cgroup.raw)
      for id in old { try DeviceProgram.detach(id, fromCgroup: cgroup.raw) }
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
