import LinuxSystem
import Model
import Networking

/// The files of /etc that belong to the container rather than to its image: made in its live
/// directory at every start.
struct EtcFiles {
  let config: ContainerConfig
  let plan: NetworkPlan
  let directory: String

  /// Writes them; where each belongs in the container, and where it is.
  func write(user: UserLookup.Resolved, root: borrowing RootDirectory) throws -> [(
    destination: String, source: String
  )] {
    let etc = "\(directory)/etc"
    try FileTree.ensureDirectory(etc, mode: 0o755)
    var files: [(destination: String, source: String)] = []
    func add(_ name: String, _ destination: String, _ text: String) throws(SystemError) {
      try FileTree.write("\(etc)/\(name)", text, mode: 0o644)
      files.append((destination, "\(etc)/\(name)"))
    }
    let hostname = config.hostname ?? String(config.id.prefix(12))
    try add("hostname", "/etc/hostname", hostname + "\n")
    if !config.network.noHosts {
      try add("hosts", "/etc/hosts", try plan.hosts(hostname: hostname, name: config.name))
    }
    if config.network.dns != ["none"] {
      try add("resolv.conf", "/etc/resolv.conf", try plan.resolver())
    }
    try add(
      "containerenv", "/run/.containerenv",
      """
      engine="martlet-\(MartletVersion.text)"
      name="\(config.name)"
      id="\(config.id)"
      image="\(config.image?.name ?? "")"
      rootless=\(CurrentProcess.effectiveUser == 0 && plan.isMachineRoot ? 0 : 1)

      """)
    if !user.isKnown, case .keepID = UsernsChoice.parseLeniently(config.namespaces.user),
      let passwd = try root.readSmallFile("/etc/passwd")
    {
      // Programs ask who they are; the image cannot know this user.
      var text = String(decoding: passwd, as: UTF8.self)
      if !text.isEmpty && !text.hasSuffix("\n") { text += "\n" }
      let name = plan.userName ?? "user"
      text += "\(name):x:\(user.uid):\(user.gid):\(name):\(user.home):/bin/sh\n"
      try add("passwd", "/etc/passwd", text)
    }
    return files
  }
}
