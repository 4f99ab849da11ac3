import LinuxSystem

/// A block of subordinate ids granted to a user (subuid(5)).
public struct SubordinateRange: Equatable, Sendable {
  public var start: UInt32
  public var count: UInt32

  public init(start: UInt32, count: UInt32) {
    self.start = start
    self.count = count
  }
}

/// The subordinate ids of one user: from /etc/subuid and /etc/subgid, or, where nsswitch.conf names
/// another source for `subid:`, from `martlet-subid`, which asks libsubid.
public struct SubordinateRanges: Equatable, Sendable {
  public var users: [SubordinateRange]
  public var groups: [SubordinateRange]

  /// Where to look; tests point it elsewhere.
  public struct Sources: Sendable {
    public var users = "/etc/subuid"
    public var groups = "/etc/subgid"
    public var nameServices = "/etc/nsswitch.conf"
    /// The path of `martlet-subid`.
    public var helper: String?

    public init(helper: String? = nil) { self.helper = helper }
  }

  public init(users: [SubordinateRange], groups: [SubordinateRange]) {
    self.users = users
    self.groups = groups
  }

  /// The ranges of the user called `name` with id `uid`; empty when there are none.
  public static func load(name: String?, uid: UInt32, from sources: Sources)
    throws(UserNamespaceError) -> SubordinateRanges
  {
    if let helper = sources.helper, usesNameService(sources.nameServices) {
      return try ask(helper, name: name ?? "\(uid)")
    }
    return SubordinateRanges(
      users: read(sources.users, name: name, uid: uid),
      groups: read(sources.groups, name: name, uid: uid))
  }

  private static func read(_ path: String, name: String?, uid: UInt32) -> [SubordinateRange] {
    guard let text = try? FileTree.readText(path) else { return [] }
    return parse(text, name: name, uid: uid)
  }

  static func parse(_ text: String, name: String?, uid: UInt32) -> [SubordinateRange] {
    var ranges: [SubordinateRange] = []
    let number = "\(uid)"
    for line in text.parts(at: UInt8(ascii: "\n")) {
      let fields = line.parts(at: UInt8(ascii: ":"), omittingEmpty: false)
      guard fields.count == 3, fields[0] == name ?? "" || fields[0] == number else { continue }
      guard let start = UInt32(fields[1]), let count = UInt32(fields[2]), count > 0,
        start > 0, start <= .max - count
      else { continue }
      let range = SubordinateRange(start: start, count: count)
      if !ranges.contains(range) { ranges.append(range) }
    }
    return ranges
  }

  static func usesNameService(_ path: String) -> Bool {
    guard let text = try? FileTree.readText(path) else { return false }
    for line in text.parts(at: UInt8(ascii: "\n"))
    where line.drop(while: { $0 == " " || $0 == "\t" }).hasPrefix("subid") {
      let words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" || $0 == ":" }
      if words.first == "subid" { return words.dropFirst().contains { $0 != "files" } }
    }
    return false
  }

  /// `martlet-subid NAME` prints `u START COUNT` and `g START COUNT` lines.
  private static func ask(_ helper: String, name: String) throws(UserNamespaceError)
    -> SubordinateRanges
  {
    let output: Program.Output
    do throws(SystemError) {
      output = try Program(helper, [name]).run()
    } catch { throw .system(error) }
    guard output.end == .exited(0) else { throw .subidHelper(output.errors) }
    var ranges = SubordinateRanges(users: [], groups: [])
    for line in output.text.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count == 3, let start = UInt32(words[1]), let count = UInt32(words[2]) else {
        continue
      }
      let range = SubordinateRange(start: start, count: count)
      if words[0] == "u" { ranges.users.append(range) } else { ranges.groups.append(range) }
    }
    return ranges
  }
}
