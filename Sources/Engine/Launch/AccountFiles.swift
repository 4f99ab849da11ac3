import LinuxSystem
import Model

/// A container's /etc/passwd and /etc/group with what the image cannot know (passwd(5), group(5)).
struct AccountFiles {
  let config: ContainerConfig
  let user: UserLookup.Resolved
  /// Who the caller is on the host.
  let hostName: String?

  /// The new text; nil leaves the image's file.
  func passwd(image: String?, lookup: UserLookup) -> String? {
    let accounts = config.accounts
    guard !accounts.areLeftAlone else { return nil }
    var lines: [String] = []
    if let entry = ownEntry(hasFile: image != nil) { lines.append(entry) }
    for name in accounts.hostUsers where lookup.userID(name) == nil {
      if let line = Self.hostLine("/etc/passwd", name) { lines.append(line) }
    }
    return Self.extended(image, lines)
  }

  private func ownEntry(hasFile: Bool) -> String? {
    guard !user.isKnown, config.rootfs == nil || hasFile else { return nil }
    var name = "\(user.uid)"
    var comment = "container user"
    if case .keepID = config.namespaces.userns {
      name = hostName ?? "user"
      comment = name
    } else if !hasFile, config.accounts.passwdEntry == nil {
      return nil
    }
    let home = user.home == "/" ? config.process.workingDirectory : user.home
    guard let template = config.accounts.passwdEntry else {
      return "\(name):*:\(user.uid):\(user.gid):\(comment):\(home):/bin/sh"
    }
    return Self.filled(
      template,
      [
        ("USERNAME", name), ("UID", "\(user.uid)"), ("GID", "\(user.gid)"), ("NAME", comment),
        ("HOME", home),
      ])
  }

  /// The new text; nil leaves the image's file.
  func group(image: String?, lookup: UserLookup) -> String? {
    let accounts = config.accounts
    guard !accounts.areLeftAlone, lookup.groupName(user.gid) == nil else { return nil }
    guard image != nil || accounts.groupEntry != nil else { return nil }
    let isKept = config.namespaces.userns.keepsCaller
    let name = isKept ? hostName ?? "\(user.gid)" : "\(user.gid)"
    let member = user.isKnown ? lookup.userName(user.uid) ?? "" : isKept ? name : "\(user.uid)"
    guard let template = accounts.groupEntry else {
      return Self.extended(image, ["\(name):x:\(user.gid):\(member)"])
    }
    return Self.extended(
      image,
      [
        Self.filled(
          template,
          [("GROUPNAME", name), ("GID", "\(user.gid)"), ("USERLIST", member)])
      ])
  }

  /// The host's line of a name; nil when there is none.
  static func hostLine(_ file: String, _ name: String) -> String? {
    guard let text = try? FileTree.readText(file, limit: 1 << 22) else { return nil }
    return text.split(separator: "\n").first { $0.hasPrefix("\(name):") }.map(String.init)
  }

  private static func filled(_ template: String, _ values: [(String, String)]) -> String {
    var text = template
    for (name, value) in values { text = text.replacing("$\(name)", with: value) }
    return text.filter { !$0.isNewline }
  }

  private static func extended(_ image: String?, _ lines: [String]) -> String? {
    if lines.isEmpty { return nil }
    var text = image ?? ""
    if !text.isEmpty && !text.hasSuffix("\n") { text += "\n" }
    return text + lines.map { "\($0)\n" }.joined()
  }
}
