import LinuxSystem
import Model

/// What a volume with options mounts: a tmpfs, or a directory of the machine.
enum VolumeMount: Equatable {
  case tmpfs(options: [String])
  case directory(String, options: [String])

  /// Nil for a volume with files of its own.
  init?(_ options: [String: String]) {
    let words = (options["o"] ?? "").split(separator: ",").map(String.init)
    switch options["type"] ?? "" {
    case "tmpfs": self = .tmpfs(options: words)
    case "none", "bind", "":
      guard let device = options["device"], !device.isEmpty else { return nil }
      self = .directory(device, options: words.filter { $0 != "bind" && $0 != "rbind" })
    default: return nil
    }
  }

  /// Refuses what cannot be mounted without being the machine's root.
  static func check(_ options: [String: String]) throws(ErrorReport) {
    for key in options.keys where !["type", "device", "o"].contains(key) {
      throw ErrorReport(
        .invalidRequest, "volume option \"\(key)\" is not supported",
        hint: "use type, device and o")
    }
    switch options["type"] ?? "" {
    case "tmpfs": return
    case "none", "bind", "":
      let device = options["device"] ?? ""
      guard device.isEmpty || device.hasPrefix("/") else {
        throw ErrorReport(
          .invalidRequest, "the device of a volume must be an absolute path: \"\(device)\"")
      }
      if !device.isEmpty, !FileTree.exists(device) {
        throw ErrorReport(
          .notFound,
          "invalid volume option device for driver 'local': faccessat \(device): "
            + "no such file or directory")
      }
      if device.isEmpty, let type = options["type"], !type.isEmpty {
        throw ErrorReport(.invalidRequest, "a volume of type \(type) needs --opt device=PATH")
      }
    case let other:
      throw ErrorReport(
        .invalidRequest, "volume type \"\(other)\" is not supported", hint: "use tmpfs or bind")
    }
  }

  /// Mounts it at `place`, in the mount namespace of the caller.
  func mount(at place: String, named name: String) throws {
    do throws(SystemError) {
      let tree: OwnedDescriptor
      switch self {
      case .tmpfs(let options):
        tree = try MountCall.makeFilesystem(
          "tmpfs", source: "tmpfs",
          options: options.filter { Self.flags[$0] == nil && !Self.ignored.contains($0) },
          attributes: Self.attributes(options))
      case .directory(let source, let options):
        tree = try MountCall.copyTree(source, recursive: true)
        try MountCall.setAttributes(tree.raw, set: Self.attributes(options), subject: source)
      }
      try MountCall.move(tree.raw, to: place)
    } catch {
      throw ErrorReport(.unavailable, "cannot mount volume \(name): \(error)")
    }
  }

  /// Those of its options that concern the mount.
  var mountFlags: [String] {
    switch self {
    case .tmpfs(let options), .directory(_, let options):
      options.filter { Self.flags[$0] != nil }
    }
  }

  private static func attributes(_ options: [String]) -> MountCall.Attributes {
    options.compactMap { flags[$0] }.reduce(into: []) { $0.formUnion($1) }
  }

  /// Mount options that concern the mount and not the filesystem (mount(8)).
  private static let flags: [String: MountCall.Attributes] = [
    "ro": .readOnly, "nosuid": .noSetID, "nodev": .noDevices, "noexec": .noExecute,
    "noatime": .noAccessTime,
  ]
  /// What is so anyway.
  private static let ignored: Set = ["rw", "suid", "dev", "exec", "relatime", "defaults"]
}
