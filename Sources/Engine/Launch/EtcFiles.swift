import LinuxSystem
import Model
import Networking
import StateStore

/// The files of /etc that belong to the container rather than to its image: made in its live
/// directory at every start.
struct EtcFiles {
  let config: ContainerConfig
  let plan: NetworkPlan
  let directory: String
  let accounts: AccountFiles

  /// Writes them; where each belongs in the container, and where it is.
  ///
  /// `texts`: what the root has.
  func write(_ texts: AccountTexts, root: borrowing RootDirectory) throws -> [PlacedFile] {
    let etc = "\(directory)/etc"
    try FileTree.ensureDirectory(etc, mode: 0o755)
    var files: [PlacedFile] = []
    func add(_ name: String, _ destination: String, _ text: String) throws(SystemError) {
      try FileTree.write("\(etc)/\(name)", text, mode: 0o644)
      files.append(PlacedFile(destination: destination, source: "\(etc)/\(name)"))
    }
    let hostname = config.hostname ?? String(config.id.prefix(12))
    if !config.network.noHostname { try add("hostname", "/etc/hostname", hostname + "\n") }
    if !config.network.noHosts {
      try add(
        "hosts", "/etc/hosts",
        try plan.hosts(hostname: hostname, name: config.name, base: try hostsBase(root)))
    }
    if config.network.dns != ["none"] {
      try add("resolv.conf", "/etc/resolv.conf", try plan.resolver())
    }
    try add("containerenv", "/run/.containerenv", environmentFile())
    let lookup = UserLookup(texts)
    if let new = accounts.passwd(image: texts.passwd, lookup: lookup) {
      if try !replace("passwd", new, root) { try add("passwd", "/etc/passwd", new) }
    }
    if let new = accounts.group(image: texts.group, lookup: lookup) {
      if try !replace("group", new, root) { try add("group", "/etc/group", new) }
    }
    if let zone = config.process.timeZone, try linkZone(zone, root) { return files }
    if let zone = config.process.timeZone, let path = TimeZoneFile.path(zone) {
      try RecordStore(etc).write("localtime", bytes: try FileTree.read(path, limit: 1 << 20))
      try FileTree.setMode("\(etc)/localtime", 0o644)
      files.append(PlacedFile(destination: "/etc/localtime", source: "\(etc)/localtime"))
    }
    return files
  }

  /// What tools look for to find out that they are in a container; only one with all rights is told
  /// which.
  private func environmentFile() -> String {
    guard config.security.privileged else { return "" }
    let called = CalledName.current
    return """
      engine="\(called.rawValue)-\(called.version)"
      name="\(config.name)"
      id="\(config.id)"
      image="\(config.image?.name ?? "")"
      imageid="\(config.image?.id ?? "")"
      rootless=\(CurrentProcess.effectiveUser == 0 && plan.isMachineRoot ? 0 : 1)

      """
  }

  /// Gives a file of the container's own /etc new content, so that programs such as useradd(8) can
  /// go on from there; what is mounted can be replaced by nobody.
  ///
  /// - Returns: false when there is no such file of the container's own that may be changed.
  private func replace(_ name: String, _ content: String, _ root: borrowing RootDirectory)
    throws(SystemError) -> Bool
  {
    guard let directory = try ownDirectory(root),
      let old = try FileStatus.find(name, in: directory.raw), old.kind == .regular
    else { return false }
    // Whoever is killed here leaves the old file.
    let place = "/proc/self/fd/\(directory.raw)"
    try FileTree.unlinkIfPresent("\(place)/.\(name).new")
    try FileTree.write("\(place)/.\(name).new", content)
    try FileTree.setOwner("\(place)/.\(name).new", uid: old.uid, gid: old.gid)
    try FileTree.setMode("\(place)/.\(name).new", old.permissions)
    try FileTree.rename("\(place)/.\(name).new", to: "\(place)/\(name)")
    return true
  }

  /// The root's /etc; nil when its files may not be changed.
  private func ownDirectory(_ root: borrowing RootDirectory) throws(SystemError) -> OwnedDescriptor?
  {
    guard !config.readOnly, config.rootfs == nil || config.keepsRootfs,
      !config.mounts.contains(where: { $0.destination.hasPrefix("/etc") })
    else { return nil }
    return try? root.open("/etc", [.path, .directory])
  }

  /// Leads /etc/localtime to the root's own description of a zone, which its updates reach.
  ///
  /// - Returns: false when it has none, or its /etc may not be changed.
  private func linkZone(_ zone: String, _ root: borrowing RootDirectory) throws(SystemError) -> Bool
  {
    guard zone != "local", (try? root.open("/usr/share/zoneinfo/\(zone)", [.path])) != nil,
      let directory = try ownDirectory(root)
    else { return false }
    let old = try FileStatus.find("localtime", in: directory.raw)
    guard old == nil || old?.kind == .regular || old?.kind == .symbolicLink else { return false }
    let place = "/proc/self/fd/\(directory.raw)"
    try FileTree.unlinkIfPresent("\(place)/.localtime.new")
    try FileTree.makeLink("\(place)/.localtime.new", to: "../usr/share/zoneinfo/\(zone)")
    try FileTree.rename("\(place)/.localtime.new", to: "\(place)/localtime")
    return true
  }

  /// What /etc/hosts is made from when it is not the host's.
  private func hostsBase(_ root: borrowing RootDirectory) throws -> String? {
    switch config.network.hostsFile {
    case nil: return nil
    case "none"?: return ""
    case "image"?:
      return try root.readSmallText("/etc/hosts") ?? ""
    case let path?:
      do throws(SystemError) { return try FileTree.readText(path, limit: 1 << 20) } catch {
        throw ErrorReport(.notFound, "hosts file \(path): \(error.reason)")
      }
    }
  }
}
