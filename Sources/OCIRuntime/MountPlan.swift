import LinuxSystem
import OCISpec

/// One entry of `mounts`, its options sorted by what carries them out.
struct MountPlan: Equatable, Sendable {
  enum Kind: Equatable, Sendable {
    case bind(recursive: Bool)
    case filesystem(String)
    case cgroup
  }

  struct SpreadRule: Equatable, Sendable {
    var kind: MountCall.Propagation
    var recursive: Bool
  }

  var kind: Kind
  var destination: String
  var source: String
  var set: MountCall.Attributes = []
  var clear: MountCall.Attributes = []
  var recursiveSet: MountCall.Attributes = []
  var recursiveClear: MountCall.Attributes = []
  var propagation: [SpreadRule] = []
  /// The filesystem's own options.
  var data: [String] = []
  var copyUp = false
  /// Whether, and how deep, the mount's ids are mapped; nil when not.
  var idMap: IDMap?
  /// A detached copy of the source made by the parent, or -1.
  var prepared: Int32 = -1
  /// The user namespace whose map the mount takes, or -1.
  var idMapNamespace: Int32 = -1
  /// The source's path in the container when it is below the container's root, for which earlier
  /// mounts count.
  var sourceInside: String?
  /// For messages: `mounts[3]`.
  var field: String

  /// Whether the options name attributes: a bind mount then has these and no others, save for access
  /// times, and else its source's.
  var namesAttributes: Bool { !(set.isEmpty && clear.isEmpty) }

  /// For messages about what could not be done.
  var step: String { "mount `\(source)` to `\(destination)` (\(field))" }

  struct IDMap: Equatable, Sendable {
    var recursive: Bool
    /// Empty: the container's own.
    var uids: [RuntimeIDMapping]
    var gids: [RuntimeIDMapping]
  }

  init(_ mount: RuntimeMount, index: Int, bundle: String) throws(RuntimeError) {
    field = "mounts[\(index)]"
    guard !mount.destination.isEmpty else {
      throw .unusable(field: "\(field).destination", "is empty")
    }
    // Old configurations leave the slash out (config.md#mounts).
    destination = mount.destination.hasPrefix("/") ? mount.destination : "/\(mount.destination)"
    let options = Set(mount.options)
    let isBind = mount.type == "bind" || options.contains("bind") || options.contains("rbind")
    if isBind {
      kind = .bind(recursive: options.contains("rbind"))
      guard let path = mount.source, !path.isEmpty else {
        throw .unusable(field: "\(field).source", "a bind mount needs a source")
      }
      source = path.hasPrefix("/") ? path : "\(bundle)/\(path)"
    } else {
      guard let type = mount.type, !type.isEmpty, type != "none" else {
        throw .unusable(field: "\(field).type", "is missing")
      }
      kind = type == "cgroup" || type == "cgroup2" ? .cgroup : .filesystem(type)
      source = mount.source ?? type
    }
    for option in mount.options { apply(option) }
    if !mount.uidMappings.isEmpty || !mount.gidMappings.isEmpty {
      guard !mount.uidMappings.isEmpty, !mount.gidMappings.isEmpty else {
        throw .unusable(field: field, "uidMappings and gidMappings go together")
      }
      idMap = IDMap(
        recursive: idMap?.recursive ?? false, uids: mount.uidMappings, gids: mount.gidMappings)
    }
  }

  /// A destination that is given below the root's path on the host means the same in the
  /// container, and a source below it is what earlier mounts have made of it.
  mutating func takeInside(_ rootfs: String) {
    destination = Self.path(destination, inside: rootfs) ?? destination
    if case .bind = kind { sourceInside = Self.path(source, inside: rootfs) }
  }

  /// Compared and cut by bytes, as the kernel's paths are.
  private static func path(_ path: String, inside rootfs: String) -> String? {
    let rest = path.utf8.dropFirst(rootfs.utf8.count)
    guard rest.first == UInt8(ascii: "/"), path.utf8.starts(with: rootfs.utf8) else { return nil }
    return String(decoding: rest, as: UTF8.self)
  }

  private mutating func apply(_ option: String) {
    if Self.ignored.contains(option) { return }
    if let rule = SpreadRule(option) { return propagation.append(rule) }
    if let change = Self.attributes.first(where: { $0.word == option }) {
      set = set.subtracting(change.clear).union(change.set)
      clear = clear.subtracting(change.set).union(change.clear)
      return
    }
    if option.hasPrefix("r"), case let plain = option.dropFirst(),
      let change = Self.attributes.first(where: { $0.word == plain })
    {
      recursiveSet = recursiveSet.subtracting(change.clear).union(change.set)
      recursiveClear = recursiveClear.subtracting(change.set).union(change.clear)
      return
    }
    switch option {
    case "tmpcopyup": copyUp = true
    case "idmap": idMap = IDMap(recursive: false, uids: [], gids: [])
    case "ridmap": idMap = IDMap(recursive: true, uids: [], gids: [])
    default: data.append(option)
    }
  }
}
