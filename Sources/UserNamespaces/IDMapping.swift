import LinuxSystem

/// One line of uid_map or gid_map (user_namespaces(7)): `count` ids starting at `inside` in the new
/// namespace are those starting at `outside` in its parent.
public struct IDRange: Equatable, Sendable, Codable {
  public var inside: UInt32
  public var outside: UInt32
  public var count: UInt32

  public init(inside: UInt32, outside: UInt32, count: UInt32) {
    self.inside = inside
    self.outside = outside
    self.count = count
  }

  var line: String { "\(inside) \(outside) \(count)" }
}

/// The user and group ids of a user namespace.
public struct IDMapping: Equatable, Sendable, Codable {
  public var users: [IDRange]
  public var groups: [IDRange]

  public init(users: [IDRange], groups: [IDRange]) {
    self.users = users
    self.groups = groups
  }

  /// The rootless default: 0 is the caller, 1 and up are the subordinate ids in order.
  public static func rootless(
    uid: UInt32, gid: UInt32, users: [SubordinateRange], groups: [SubordinateRange]
  ) -> IDMapping {
    IDMapping(users: stack(uid, users), groups: stack(gid, groups))
  }

  /// Only the caller itself, as 0: what can be had without any subordinate ids.
  public static func single(uid: UInt32, gid: UInt32) -> IDMapping {
    IDMapping(
      users: [IDRange(inside: 0, outside: uid, count: 1)],
      groups: [IDRange(inside: 0, outside: gid, count: 1)])
  }

  /// The map of this process's own user namespace; nil where it cannot be read.
  public static func own() -> IDMapping? {
    guard let users = try? FileTree.readText("/proc/self/uid_map", limit: 65_536),
      let groups = try? FileTree.readText("/proc/self/gid_map", limit: 65_536)
    else { return nil }
    return IDMapping(users: parse(users), groups: parse(groups))
  }

  static func parse(_ text: String) -> [IDRange] {
    text.split(separator: "\n").compactMap { line in
      let numbers = line.split(separator: " ").compactMap { UInt32($0) }
      guard numbers.count == 3 else { return nil }
      return IDRange(inside: numbers[0], outside: numbers[1], count: numbers[2])
    }
  }

  /// Ids that several ranges have, or that are the caller's own, count once: the kernel refuses a
  /// map that has them twice (user_namespaces(7)).
  private static func stack(_ own: UInt32, _ ranges: [SubordinateRange]) -> [IDRange] {
    var map = [IDRange(inside: 0, outside: own, count: 1)]
    var next: UInt32 = 1
    for range in ranges {
      for piece in range.without(map) {
        let count = min(piece.count, .max - next)
        guard count > 0 else { break }
        map.append(IDRange(inside: next, outside: piece.start, count: count))
        next += count
      }
    }
    return map
  }

  /// A nested map, relative to this one, in which the caller (0 here) is `uid`:`gid` and everything
  /// below and above comes from the subordinate ids (`--userns keep-id`).
  ///
  /// `size` is the number of ids in it, at most and when nil as many as there are.
  public func keepingID(uid: UInt32, gid: UInt32, size: UInt32? = nil) -> IDMapping {
    let limit = size ?? .max
    return IDMapping(
      users: Self.keep(uid, size: min(Self.size(users), limit)),
      groups: Self.keep(gid, size: min(Self.size(groups), limit)))
  }

  private static func size(_ map: [IDRange]) -> UInt32 {
    map.map { $0.inside + $0.count }.max() ?? 0
  }

  private static func keep(_ id: UInt32, size: UInt32) -> [IDRange] {
    // In the parent: 0 is the caller, 1..<size are subordinate.
    var map: [IDRange] = []
    let below = min(id, size - 1)
    if below > 0 { map.append(IDRange(inside: 0, outside: 1, count: below)) }
    map.append(IDRange(inside: id, outside: 0, count: 1))
    if size > below + 1 {
      map.append(IDRange(inside: id + 1, outside: below + 1, count: size - below - 1))
    }
    return map
  }

  /// The id in the parent that `id` is in this namespace; nil when it is not mapped.
  public static func outside(_ id: UInt32, in map: [IDRange]) -> UInt32? {
    for range in map where id >= range.inside && id - range.inside < range.count {
      return range.outside + (id - range.inside)
    }
    return nil
  }

  /// As the kernel wants it written, one range a line.
  static func text(_ map: [IDRange]) -> String { map.map { $0.line + "\n" }.joined() }

  /// As arguments of newuidmap(1), after the pid.
  static func arguments(_ map: [IDRange]) -> [String] {
    map.flatMap { ["\($0.inside)", "\($0.outside)", "\($0.count)"] }
  }

  /// Writes both maps for a process whose new namespace is a child of ours, where we are root.
  public func write(for pid: Int32) throws(UserNamespaceError) {
    do throws(SystemError) {
      if groups.count == 1, groups[0].count == 1 {
        try FileTree.write("/proc/\(pid)/setgroups", "deny")
      }
      try FileTree.write("/proc/\(pid)/uid_map", Self.text(users))
      try FileTree.write("/proc/\(pid)/gid_map", Self.text(groups))
    } catch { throw .system(error) }
  }
}

extension SubordinateRange {
  /// The parts of it that are outside of no range of `map`.
  fileprivate func without(_ map: [IDRange]) -> [SubordinateRange] {
    map.reduce([self]) { pieces, taken in
      pieces.flatMap { piece -> [SubordinateRange] in
        let end = piece.start + piece.count
        let takenEnd = taken.outside + taken.count
        guard taken.outside < end, piece.start < takenEnd else { return [piece] }
        var rest: [SubordinateRange] = []
        if piece.start < taken.outside {
          rest.append(SubordinateRange(start: piece.start, count: taken.outside - piece.start))
        }
        if takenEnd < end { rest.append(SubordinateRange(start: takenEnd, count: end - takenEnd)) }
        return rest
      }
    }
  }
}
