import LinuxSystem
import Model
import OCISpec

extension SpecBuilder {
  /// What every container has, then what was asked for, in an order in which outer comes first.
  func mounts() throws -> [RuntimeMount] {
    let asked = try config.mounts.filter { $0.kind != .device || isBound($0) }.map(mount)
    let taken = Set(asked.map(\.destination))
    var all = standardMounts().filter { !taken.contains($0.destination) }
    for path in writablePlaces() where !taken.contains(path) {
      all.append(
        RuntimeMount(
          destination: path, type: "tmpfs", source: "tmpfs",
          options: ["rw", "rprivate", "nosuid", "nodev", "tmpcopyup"]
            + (config.lifecycle.isSystemd && path == "/run" ? ["mode=755"] : [])))
    }
    for file in facts.files where !taken.contains(file.destination) {
      all.append(
        RuntimeMount(
          destination: file.destination, type: "bind", source: file.source,
          options: ["bind", "rprivate", "nosuid", "nodev"]
            + (file.destination == Self.initPath ? ["ro", "exec"] : ["noexec"])))
    }
    // Parents before children, else the order in which they were given.
    let depth = { (mount: RuntimeMount) in mount.destination.split(separator: "/").count }
    return all
      + asked.enumerated().sorted {
        (depth($0.element), $0.offset) < (depth($1.element), $1.offset)
      }
      .map(\.element)
  }

  /// Where a read-only root and systemd need room.
  private func writablePlaces() -> [String] {
    var places: [String] = []
    if config.lifecycle.isSystemd { places += SystemdMode.places }
    if config.readOnly, !config.hasNoTmpfs {
      places += ["/run", "/tmp", "/var/tmp"].filter { !places.contains($0) }
    }
    return places
  }

  private func standardMounts() -> [RuntimeMount] {
    let write = config.readOnly && config.hasNoTmpfs ? ["ro"] : []
    var list = [
      processes,
      RuntimeMount(
        destination: "/dev", type: "tmpfs", source: "tmpfs",
        options: ["nosuid", "strictatime", "mode=755", "size=65536k"] + write),
      RuntimeMount(
        destination: "/dev/pts", type: "devpts", source: "devpts",
        options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]
          + (facts.mapsTerminalGroup ? ["gid=5"] : [])),
    ]
    if config.namespaces.ipc == "host" {
      for path in ["/dev/mqueue", "/dev/shm"] where FileTree.exists(path) {
        list.append(
          RuntimeMount(destination: path, type: "bind", source: path, options: ["rbind"]))
      }
    } else {
      list.append(
        RuntimeMount(
          destination: "/dev/mqueue", type: "mqueue", source: "mqueue",
          options: ["nosuid", "noexec", "nodev"]))
      if config.namespaces.ipc != "none" { list.append(sharedMemory(write)) }
    }
    list += systemMounts()
    return list
  }

  private var processes: RuntimeMount {
    let options = ["nosuid", "noexec", "nodev"]
    guard config.namespaces.pid == "host", !facts.isMachineRoot else {
      return RuntimeMount(destination: "/proc", type: "proc", source: "proc", options: options)
    }
    // Only who has the machine's rights over its processes may mount anew what shows them all, and crun
    // and runc have no other way.
    return RuntimeMount(
      destination: "/proc", type: "bind", source: "/proc", options: ["rbind"] + options)
  }

  private func sharedMemory(_ write: [String]) -> RuntimeMount {
    if let place = facts.sharedMemory {
      return RuntimeMount(
        destination: "/dev/shm", type: "bind", source: place, options: ["bind", "rprivate"])
    }
    return RuntimeMount(
      destination: "/dev/shm", type: "tmpfs", source: "shm",
      options: [
        "nosuid", "noexec", "nodev", "mode=1777", "size=\(config.resources.sharedMemory)",
      ] + write)
  }

  private func systemMounts() -> [RuntimeMount] {
    let write = config.security.privileged ? "rw" : "ro"
    var list: [RuntimeMount] = []
    if facts.networkNamespace == nil && !facts.isMachineRoot {
      // sysfs belongs to a network namespace: the host's cannot be mounted anew from here.
      list.append(
        RuntimeMount(
          destination: "/sys", type: "bind", source: "/sys",
          options: ["rbind", "rprivate", "nosuid", "noexec", "nodev", write]))
    } else {
      list.append(
        RuntimeMount(
          destination: "/sys", type: "sysfs", source: "sysfs",
          options: ["nosuid", "noexec", "nodev", write]))
    }
    if facts.hasCgroup2 {
      list.append(
        RuntimeMount(
          destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup",
          options: [
            "rprivate", "nosuid", "noexec", "nodev", "relatime",
            config.security.privileged || config.lifecycle.isSystemd ? "rw" : "ro",
          ]))
    }
    return list
  }

  private func mount(_ asked: ContainerMount) throws -> RuntimeMount {
    switch asked.kind {
    case .tmpfs:
      return RuntimeMount(
        destination: asked.destination, type: "tmpfs", source: "tmpfs",
        options: ["rprivate"] + asked.options)
    case .ramfs:
      return RuntimeMount(
        destination: asked.destination, type: "ramfs", source: "ramfs",
        options: ["rprivate"]
          + asked.options.filter { !$0.hasPrefix("size=") && $0 != "tmpcopyup" })
    case .devpts:
      return RuntimeMount(
        destination: asked.destination, type: "devpts", source: "devpts",
        options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666"]
          + (asked.options.contains { $0.hasPrefix("mode=") } ? [] : ["mode=0620"])
          + (facts.mapsTerminalGroup && !asked.options.contains { $0.hasPrefix("gid=") }
            ? ["gid=5"] : []) + asked.options)
    case .bind, .volume, .image:
      let source = facts.sources[asked.destination] ?? asked.source
      var options = asked.options.filter { option in
        !["U", "O", "copy", "nocopy"].contains(option) && !option.contains("dir=")
      }
      options += facts.mountFlags[asked.destination, default: []].filter { !options.contains($0) }
      if facts.isMachineRoot { options += Self.restrictions(of: source, besides: options) }
      if !options.contains(where: { $0 == "bind" || $0 == "rbind" }) { options.append("rbind") }
      if !options.contains(where: { Self.propagations.contains($0) }) { options.append("rprivate") }
      return RuntimeMount(
        destination: asked.destination, type: "bind", source: source, options: options)
    case .device:
      return RuntimeMount(
        destination: asked.destination, type: "bind", source: asked.source,
        options: ["bind", "rprivate", "nosuid", "noexec"])
    }
  }

  /// What the machine forbids on the source's mount, where the options name other attributes and not
  /// the contrary: runtimes take named ones for all that there shall be.
  static func restrictions(of source: String, besides options: [String]) -> [String] {
    let pairs: [(MountCall.Attributes, String, String)] = [
      (.readOnly, "ro", "rw"), (.noSetID, "nosuid", "suid"), (.noDevices, "nodev", "dev"),
      (.noExecute, "noexec", "exec"),
    ]
    let named = Set(options)
    guard pairs.contains(where: { named.contains($0.1) || named.contains($0.2) }),
      // What is wrong with the source the mount says.
      let attributes = try? MountCall.attributes(of: source)
    else { return [] }
    return pairs.filter {
      attributes.contains($0.0) && named.isDisjoint(with: [$0.1, $0.2])
    }.map(\.1)
  }

  private static let propagations: Set = [
    "private", "rprivate", "slave", "rslave", "shared", "rshared", "unbindable", "runbindable",
  ]

  /// A user namespace makes no devices: runtimes then bind the machine's own of the same path, so
  /// one under another path has to be a mount.
  private func isBound(_ asked: ContainerMount) -> Bool {
    asked.kind == .device && !facts.isMachineRoot && asked.source != asked.destination
  }

  /// `--device`, and for privileged containers the machine's devices.
  func devices() throws -> [RuntimeDevice] {
    var devices: [RuntimeDevice] = []
    for asked in config.mounts where asked.kind == .device && !isBound(asked) {
      let status: FileStatus
      do throws(SystemError) { status = try FileStatus.of(asked.source, follow: true) } catch {
        throw ErrorReport(.notFound, "device \(asked.source): \(error.reason)")
      }
      guard let device = Self.device(asked.destination, status) else {
        throw ErrorReport(.invalidRequest, "\(asked.source) is not a device")
      }
      devices.append(device)
    }
    // Where the machine's own directory is mounted they are all there.
    guard config.security.privileged, !config.mounts.contains(where: { $0.destination == "/dev" })
    else { return devices }
    let taken = Set(devices.map(\.path))
    let all = MachineDevices(
      withTerminals: facts.isMachineRoot && !config.lifecycle.isSystemd, in: "/dev")
    return devices
      + all.found.compactMap { path, status in
        taken.contains(path) ? nil : Self.device(path, status)
      }
  }

  private static func device(_ path: String, _ status: FileStatus) -> RuntimeDevice? {
    var device = RuntimeDevice()
    switch status.kind {
    case .characterDevice: device.type = .character
    case .blockDevice: device.type = .block
    default: return nil
    }
    device.path = path
    device.major = Int64(status.deviceNumber.major)
    device.minor = Int64(status.deviceNumber.minor)
    device.fileMode = status.permissions
    return device
  }
}

/// `--ulimit` values (getrlimit(2)).
enum Ulimits {
  /// `texts`: `NAME=soft[:hard]`, -1 for no limit; `host` keeps the caller's.
  static func resolve(_ texts: [String]) throws -> [RuntimeResourceLimit] {
    if texts.contains("host") { return [] }
    var limits: [RuntimeResourceLimit] = []
    for text in texts { limits.append(try parse(text)) }
    if !limits.contains(where: { $0.type == "RLIMIT_NOFILE" }) {
      // As many open files as this user may have anyway, up to a million: what docker users expect.
      let own = try ResourceLimit.get(7)
      let value = min(own.hard, 1 << 20)
      limits.append(RuntimeResourceLimit(type: "RLIMIT_NOFILE", soft: value, hard: value))
    }
    return limits
  }

  static func parse(_ text: String) throws(ErrorReport) -> RuntimeResourceLimit {
    let bad = ErrorReport(
      .invalidRequest, "invalid ulimit \"\(text)\"",
      hint: "write NAME=SOFT[:HARD], such as nofile=1024:2048")
    guard let equals = text.firstIndex(of: "=") else { throw bad }
    let type = "RLIMIT_" + text[..<equals].uppercased()
    guard ResourceLimit.number(type) != nil else { throw bad }
    let values = text[text.index(after: equals)...].split(
      separator: ":", omittingEmptySubsequences: false)
    guard let soft = values.first.flatMap(value), values.count <= 2 else { throw bad }
    let hard = values.count == 2 ? value(values[1]) : soft
    guard let hard else { throw bad }
    guard soft <= hard else {
      throw ErrorReport(
        .invalidRequest,
        "ulimit option \"\(text)\" requires name=SOFT:HARD, failed to be parsed: "
          + "ulimit soft limit must be less than or equal to hard limit: soft: \(shown(values[0])), "
          + "hard: \(shown(values[values.count - 1]))")
    }
    return RuntimeResourceLimit(type: type, soft: soft, hard: hard)
  }

  private static func shown(_ text: Substring) -> String {
    text == "-1" || text == "unlimited" ? "-1 (unlimited)" : String(text)
  }

  private static func value(_ text: Substring) -> UInt64? {
    text == "-1" || text == "unlimited" ? .max : UInt64(text)
  }
}
