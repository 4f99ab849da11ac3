import LinuxSystem
import Model

/// One `--mount` option: `type=TYPE,KEY[=VALUE],...`, read but not yet resolved.
struct MountSpecification {
  var type = "volume"
  var source = ""
  var destination = ""
  var options: [String] = []
  var subpath: String?
  var volumeLabels: [String] = []
  var volumeOptions: [String] = []

  private static let binds: Set<String> = [
    "bind-propagation", "bind-nonrecursive", "relabel", "idmap", "U", "exec", "suid", "dev",
    "consistency", "subpath",
  ]

  /// What each type understands besides type, source, destination and ro.
  private static let keys: [String: Set<String>] = [
    "bind": binds, "glob": binds,
    "volume": [
      "nocopy", "relabel", "idmap", "U", "exec", "suid", "dev", "subpath", "volume-label",
      "volume-opt", "consistency",
    ],
    "tmpfs": ["size", "mode", "copyup", "U", "exec", "suid", "dev", "consistency"],
    "ramfs": ["size", "mode", "copyup", "U", "exec", "suid", "dev"],
    "image": ["subpath"],
    "devpts": ["uid", "gid", "mode", "max", "exec", "suid"],
  ]

  /// Spellings of the same key.
  private static let canonical: [String: String] = [
    "src": "source", "dst": "destination", "target": "destination", "readonly": "ro",
    "chown": "U", "tmpfs-size": "size", "tmpfs-mode": "mode", "volume-nocopy": "nocopy",
    "volume-subpath": "subpath", "image-subpath": "subpath", "noexec": "exec", "nosuid": "suid",
    "nodev": "dev", "tmpcopyup": "copyup", "notmpcopyup": "copyup", "z": "relabel", "Z": "relabel",
  ]

  /// Whether there is such a type.
  static func knows(_ type: String) -> Bool { keys[type] != nil }

  init(_ text: String) throws(ErrorReport) {
    var pairs: [(word: String, key: String, value: String?)] = []
    for part in text.split(separator: ",") {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        .map(String.init)
      pairs.append((pair[0], Self.canonical[pair[0]] ?? pair[0], pair.count == 2 ? pair[1] : nil))
    }
    if let given = pairs.last(where: { $0.key == "type" })?.value { type = given }
    guard let known = Self.keys[type] else {
      throw ErrorReport(
        .invalidRequest, "mount type \"\(type)\" is not supported",
        hint: "use bind, volume, tmpfs, ramfs, image, glob or devpts")
    }
    for pair in pairs where pair.key != "type" {
      guard known.contains(pair.key) || ["source", "destination", "ro", "rw"].contains(pair.key)
      else {
        throw Self.refusal(of: pair.word, type)
      }
      try take(pair.word, pair.key, pair.value)
    }
    // What a pattern finds may have the same path inside.
    if destination.isEmpty, type != "glob" {
      throw ErrorReport(.invalidRequest, "must set volume destination")
    }
  }

  private static func refusal(of option: String, _ type: String) -> ErrorReport {
    if option == "noswap", type == "tmpfs", CurrentProcess.effectiveUser != 0 {
      // In podman's words, which scripts look for.
      return ErrorReport(
        .invalidRequest,
        "the 'noswap' option is only allowed with rootful tmpfs mounts: "
          + "must provide an argument for option")
    }
    return ErrorReport(
      .invalidRequest, "mount option \"\(option)\" is not supported with type=\(type)")
  }

  private mutating func take(_ word: String, _ key: String, _ value: String?) throws(ErrorReport) {
    switch key {
    case "source": source = value ?? ""
    case "destination": destination = value ?? ""
    case "ro": options.append(try Self.flag(word, value) ? "ro" : "rw")
    case "rw": options.append(try Self.flag(word, value) ? "rw" : "ro")
    case "bind-propagation": options.append(value ?? "")
    case "bind-nonrecursive": if try Self.flag(word, value) { options.append("bind") }
    case "nocopy": if try Self.flag(word, value) { options.append("nocopy") }
    case "U": if try Self.flag(word, value) { options.append("U") }
    case "copyup":
      let wants = try Self.flag(word, value) == (word == "tmpcopyup")
      options.append(wants ? "tmpcopyup" : "notmpcopyup")
    case "exec", "suid", "dev":
      let positive = try Self.flag(word, value) == (word == key)
      options.append(positive ? key : "no\(key)")
    case "size":
      guard let value, let size = ByteSize.parse(value) else {
        throw ErrorReport(.invalidRequest, "invalid size \"\(value ?? "")\"")
      }
      options.append("size=\(size)")
    case "mode", "uid", "gid", "max": options.append("\(key)=\(value ?? "")")
    case "idmap":
      throw ErrorReport(
        .invalidRequest, "the mount option idmap is not supported",
        hint: "use U to change the owner of the files instead")
    case "subpath": subpath = value
    case "volume-label": volumeLabels.append(value ?? "")
    case "volume-opt": volumeOptions.append(value ?? "")
    // Labels are for SELinux, and consistency for another system's file sharing.
    default: return
    }
  }

  private static func flag(_ word: String, _ value: String?) throws(ErrorReport) -> Bool {
    switch value {
    case nil, "true", "1": return true
    case "false", "0": return false
    case let text?:
      throw ErrorReport(.invalidRequest, "\(word) takes true or false, not \"\(text)\"")
    }
  }
}
