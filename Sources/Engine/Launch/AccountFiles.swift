import LinuxSystem
import Model

/// The texts of a root's /etc/passwd and /etc/group; nil where a file is missing or unreasonable.
struct AccountTexts {
  let passwd: String?
  let group: String?

  init(_ root: borrowing RootDirectory) throws(SystemError) {
    passwd = try root.readSmallText("/etc/passwd")
    group = try root.readSmallText("/etc/group")
  }
}

/// A container's /etc/passwd and /etc/group with what the image cannot know (passwd(5), group(5)).
struct AccountFiles {
  /// Who the user of the host is.
  struct Caller {
    let uid: UInt32
    let gid: UInt32
    /// nil when the host does not know.
    let name: String?
  }

  let config: ContainerConfig
  let user: UserLookup.Resolved
  let caller: Caller

  private var hostName: String? { caller.name }

  /// The new text; nil leaves the image's file.
  func passwd(image: String?, lookup: UserLookup) -> String? {
    let accounts = config.accounts
    guard !accounts.areLeftAlone else { return nil }
    var lines: [String] = []
    for name in accounts.hostUsers where lookup.userID(name) == nil {
      if let line = Self.hostLine("/etc/passwd", name), !lines.contains(line) { lines.append(line) }
    }
    if let entry = ownEntry(hasFile: image != nil) { lines.append(entry) }
    if let entry = callerEntry(lookup), !lines.contains(where: { $0.hasPrefix("\(entry.name):") }) {
      lines.append(entry.line)
    }
    return Self.extended(image, lines)
  }

  private func ownEntry(hasFile: Bool) -> String? {
    guard !user.isKnown, config.rootfs == nil || hasFile else { return nil }
    var name = "\(user.uid)"
    var comment = "container user"
    if config.namespaces.userns.keepsCaller {
      name = hostName ?? "user"
      comment = name
    } else if !hasFile, config.accounts.passwdEntry == nil {
      return nil
    }
    let home = self.home == "/" ? config.process.workingDirectory : self.home
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

  /// The caller where he keeps his id, also while another user is the container's own.
  private func callerEntry(_ lookup: UserLookup) -> (name: String, line: String)? {
    guard case .keepID(let kept, let group, _) = config.namespaces.userns, config.rootfs == nil,
      let name = hostName
    else { return nil }
    let uid = kept ?? caller.uid
    guard uid != user.uid, lookup.userName(uid) == nil, lookup.userID(name) == nil else {
      return nil
    }
    return (name, "\(name):*:\(uid):\(group ?? caller.gid):\(name):\(keptHome):/bin/sh")
  }

  /// The user's home directory: for a caller whom the image does not know his own if it is mounted,
  /// else where the container works.
  var home: String {
    guard !user.isKnown, config.namespaces.userns.keepsCaller else { return user.home }
    return keptHome
  }

  private var keptHome: String {
    let line = hostName.flatMap { Self.hostLine("/etc/passwd", $0) } ?? ""
    let fields = line.split(separator: ":", omittingEmptySubsequences: false)
    if fields.count > 5, config.mounts.contains(where: { $0.destination == fields[5] }) {
      return String(fields[5])
    }
    return config.process.workingDirectory
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

  /// The host's line of a name or an id; nil when there is none.
  static func hostLine(_ file: String, _ name: String) -> String? {
    guard let text = try? FileTree.readText(file, limit: 1 << 22) else { return nil }
    let lines = text.split(separator: "\n")
    let found = lines.first { $0.hasPrefix("\(name):") }
    guard found == nil, UInt32(name) != nil else { return found.map(String.init) }
    return lines.first { line in
      let fields = line.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false)
      return fields.count > 2 && fields[2] == name
    }.map(String.init)
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
