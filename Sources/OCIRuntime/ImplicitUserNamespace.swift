import LinuxSystem
import OCISpec
import UserNamespaces

/// The user namespace of an unprivileged caller whose configuration has none, or none of its ids:
/// without one it can make no other namespace.
///
/// The process's user becomes the caller, as with crun(1); the ids around it are the caller's
/// subordinate ones (subuid(5)).
struct ImplicitUserNamespace {
  var uid = CurrentProcess.effectiveUser
  var gid = CurrentProcess.effectiveGroup
  var ranges: SubordinateRanges

  init() {
    let uid = CurrentProcess.effectiveUser
    // A database that cannot be read is one without ranges: the caller alone is mapped.
    ranges =
      (try? SubordinateRanges.load(name: UserName.of(uid), uid: uid, from: .init()))
      ?? SubordinateRanges(users: [], groups: [])
  }

  init(uid: UInt32, gid: UInt32, ranges: SubordinateRanges) {
    self.uid = uid
    self.gid = gid
    self.ranges = ranges
  }

  static func isNeeded(_ spec: RuntimeSpec) -> Bool {
    guard CurrentProcess.effectiveUser != 0, let linux = spec.linux else { return false }
    guard let namespace = linux.namespaces.first(where: { $0.type == .user }) else {
      return linux.uidMappings.isEmpty && linux.gidMappings.isEmpty
    }
    return namespace.path == nil && linux.uidMappings.isEmpty && linux.gidMappings.isEmpty
  }

  func added(to spec: RuntimeSpec) -> RuntimeSpec {
    var spec = spec
    let user = spec.process?.user ?? RuntimeUser(uid: 0, gid: 0)
    if spec.linux?.namespaces.contains(where: { $0.type == .user }) == false {
      spec.linux?.namespaces.append(RuntimeNamespace(.user))
    }
    spec.linux?.uidMappings = Self.map(user.uid, to: uid, ranges.users)
    spec.linux?.gidMappings = Self.map(user.gid, to: gid, ranges.groups)
    // Both or neither: who writes the maps by hand may only write one line each.
    if spec.linux?.uidMappings.count == 1 || spec.linux?.gidMappings.count == 1 {
      spec.linux?.uidMappings = Self.map(user.uid, to: uid, [])
      spec.linux?.gidMappings = Self.map(user.gid, to: gid, [])
    }
    return spec
  }

  /// `id` is `own`; below and above it are the ranges, in order.
  static func map(_ id: UInt32, to own: UInt32, _ ranges: [SubordinateRange]) -> [RuntimeIDMapping]
  {
    var map: [RuntimeIDMapping] = []
    var next: UInt32 = 0
    for range in ranges {
      var start = range.start
      var left = range.count
      while left > 0, next < .max {
        if next == id { next += 1 }
        let room = next < id ? id - next : .max - next
        let count = min(left, room)
        guard count > 0 else { break }
        map.append(RuntimeIDMapping(containerID: next, hostID: start, size: count))
        next += count
        start += count
        left -= count
      }
    }
    map.append(RuntimeIDMapping(containerID: id, hostID: own, size: 1))
    return map.sorted { $0.containerID < $1.containerID }
  }
}
