import LinuxSystem
import Model
import OCISpec

/// Names of users and groups as a container's own files define them (passwd(5), group(5)).
struct UserLookup {
  private var users: [[Substring]]
  private let groups: [[Substring]]

  /// Reads the files inside `root`; missing or unreasonable files define nobody.
  init(root: borrowing RootDirectory) throws(SystemError) {
    self.init(try AccountTexts(root))
  }

  init(_ texts: AccountTexts) { self.init(passwd: texts.passwd ?? "", group: texts.group ?? "") }

  init(passwd: String, group: String) {
    users = Self.records(passwd)
    groups = Self.records(group)
  }

  /// Adds users whom the container's own files do not name.
  mutating func add(users lines: [String]) {
    for line in lines {
      guard let entry = Self.records(line).first,
        !users.contains(where: { $0[0] == entry[0] })
      else { continue }
      users.append(entry)
    }
  }

  private static func records(_ text: String) -> [[Substring]] {
    text.split(separator: "\n").map { $0.split(separator: ":", omittingEmptySubsequences: false) }
  }

  struct Resolved: Equatable {
    var uid: UInt32
    var gid: UInt32
    var groups: [UInt32]
    var home: String
    /// Whether the uid has an entry in passwd.
    var isKnown: Bool
  }

  /// Resolves `user[:group]` and further groups, by name or number.
  func resolve(_ text: String, groups extra: [String] = []) throws(ErrorReport) -> Resolved {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let userText = parts.first ?? ""
    let user = try find(user: userText.isEmpty ? "0" : userText)
    var resolved = Resolved(
      uid: user.uid, gid: user.entry.flatMap { Self.number($0, 3) } ?? 0, groups: [],
      home: user.entry.flatMap { $0.count > 5 && !$0[5].isEmpty ? String($0[5]) : nil } ?? "/",
      isKnown: user.entry != nil)
    if parts.count == 2 {
      guard !parts[1].isEmpty else {
        throw ErrorReport(.invalidRequest, "user \"\(text)\" names no group after its colon")
      }
      resolved.gid = try find(group: parts[1])
    } else if let name = user.entry?.first {
      resolved.groups = memberships(of: name).filter { $0 != resolved.gid }
    }
    for name in extra { resolved.groups.append(try find(group: name[...])) }
    return resolved
  }

  private func find(user text: Substring) throws(ErrorReport) -> (uid: UInt32, entry: [Substring]?)
  {
    if let entry = users.first(where: { $0.count > 3 && $0[0] == text }),
      !text.allSatisfy(\.isNumber), let uid = Self.number(entry, 2)
    {
      return (uid, entry)
    }
    guard let uid = Self.parse(text) else {
      if text.allSatisfy({ $0.isNumber }) {
        throw ErrorReport(
          .invalidRequest, "user id \(text) is out of range: ids go from 0 to 2147483647")
      }
      throw ErrorReport(
        .notFound, "unable to find user \(text): no matching entries in passwd file")
    }
    return (uid, users.first { $0.count > 3 && $0[2] == "\(uid)" })
  }

  private func find(group text: Substring) throws(ErrorReport) -> UInt32 {
    if let id = Self.parse(text) { return id }
    if let entry = groups.first(where: { $0.count > 2 && $0[0] == text }),
      let id = Self.number(entry, 2)
    {
      return id
    }
    throw ErrorReport(
      .notFound, "unable to find group \(text): no matching entries in group file")
  }

  private func memberships(of name: Substring) -> [UInt32] {
    var ids: [UInt32] = []
    for entry in groups where entry.count > 3 {
      guard entry[3].split(separator: ",").contains(name), let id = Self.number(entry, 2),
        !ids.contains(id)
      else { continue }
      ids.append(id)
    }
    return ids
  }

  func userID(_ name: String) -> UInt32? {
    users.first { $0.count > 2 && $0[0] == name }.flatMap { Self.number($0, 2) }
  }

  func userName(_ id: UInt32) -> String? {
    users.first { $0.count > 2 && $0[2] == "\(id)" }.map { String($0[0]) }
  }

  func groupName(_ id: UInt32) -> String? {
    groups.first { $0.count > 2 && $0[2] == "\(id)" }.map { String($0[0]) }
  }

  private static func number(_ entry: [Substring], _ field: Int) -> UInt32? {
    entry.count > field ? parse(entry[field]) : nil
  }

  /// Decimal digits only, at most 2^31-1 (CVE-2024-40635: larger ids wrap around to root).
  private static func parse(_ text: Substring) -> UInt32? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let value = UInt32(text), value <= 0x7FFF_FFFF
    else { return nil }
    return value
  }
}
