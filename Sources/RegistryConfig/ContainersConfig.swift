import LinuxSystem
public import Model
import TOML

/// containers.conf (containers.conf(5)): what this user and machine have decided about containers.
///
/// Later files win value by value; an array takes the place of an earlier one unless it ends with
/// `{append=true}`. Keys that Martlet has no use for are passed over, as podman passes over those
/// that it does not know.
public struct ContainersConfig: Equatable, Sendable {
  private var tables: [String: [String: TOMLValue]] = [:]
  /// Which file a value is from, for messages.
  private var origins: [String: String] = [:]

  public init() {}

  public var isEmpty: Bool { tables.isEmpty }

  /// Lays one more file over what is there.
  mutating func add(_ bytes: [UInt8], path: String) throws(ErrorReport) {
    let document: TOMLValue
    do { document = try TOMLValue.parse(bytes) } catch {
      throw Self.bad(path, ":\(error.line): \(error.reason)")
    }
    for (table, value) in document.members ?? [:] {
      guard let members = value.members else {
        throw Self.bad(path, ": \(table) is \(value.kind), not a table")
      }
      for (key, value) in members {
        tables[table, default: [:]][key] = Self.merged(tables[table]?[key], value)
        origins["\(table).\(key)"] = path
      }
    }
  }

  private static func merged(_ old: TOMLValue?, _ new: TOMLValue) -> TOMLValue {
    if let members = new.members, let older = old?.members {
      return .table(older.merging(members) { merged($0, $1) })
    }
    guard var items = new.list else { return new }
    // What an array says of itself stays in it: it holds for the files that follow as well.
    let before = old?.list ?? []
    let attribute = items.last(where: { $0.members != nil }) ?? before.last { $0.members != nil }
    items.removeAll { $0.members != nil }
    if attribute?["append"]?.flag == true { items = before.filter { $0.members == nil } + items }
    return .array(items + (attribute.map { [$0] } ?? []))
  }

  /// A string; nil when it is missing or empty.
  public func text(_ table: String, _ key: String) throws(ErrorReport) -> String? {
    let text = try anyText(table, key)
    return text == "" ? nil : text
  }

  /// A string that is something else when it is empty.
  public func anyText(_ table: String, _ key: String) throws(ErrorReport) -> String? {
    guard let value = tables[table]?[key] else { return nil }
    guard let text = value.text else { throw wrong(table, key, "a string") }
    return text
  }

  public func flag(_ table: String, _ key: String) throws(ErrorReport) -> Bool? {
    guard let value = tables[table]?[key] else { return nil }
    guard let flag = value.flag else { throw wrong(table, key, "true or false") }
    return flag
  }

  public func integer(_ table: String, _ key: String) throws(ErrorReport) -> Int64? {
    guard let value = tables[table]?[key] else { return nil }
    guard case .integer(let number) = value else { throw wrong(table, key, "a number") }
    return number
  }

  /// Strings; empty when the key is missing.
  public func texts(_ table: String, _ key: String) throws(ErrorReport) -> [String] {
    try texts(tables[table]?[key], table, key)
  }

  /// The same for a member of a table in a table.
  public func texts(_ table: String, _ key: String, _ member: String) throws(ErrorReport)
    -> [String]
  {
    guard let value = tables[table]?[key] else { return [] }
    guard let members = value.members else { throw wrong(table, key, "a table") }
    return try texts(members[member], table, "\(key).\(member)")
  }

  private func texts(_ value: TOMLValue?, _ table: String, _ key: String) throws(ErrorReport)
    -> [String]
  {
    guard let value else { return [] }
    guard let list = value.list else { throw wrong(table, key, "an array") }
    var texts: [String] = []
    for item in list where item.members == nil {
      guard let text = item.text else { throw wrong(table, key, "an array of strings") }
      texts.append(text)
    }
    return texts
  }

  private func wrong(_ table: String, _ key: String, _ kind: String) -> ErrorReport {
    Self.bad(origins["\(table).\(key)"] ?? "containers.conf", ": \(table).\(key) is not \(kind)")
  }

  private static func bad(_ path: String, _ reason: String) -> ErrorReport {
    ErrorReport(
      .invalidRequest, "\(path)\(reason)", hint: "correct the file; containers.conf(5) describes it"
    )
  }
}

extension ConfigFiles {
  /// What all of this user's files say.
  ///
  /// `modules`: further files, as `--module` names them.
  public func containers(modules: [String] = []) throws(ErrorReport) -> ContainersConfig {
    var config = ContainersConfig()
    func add(_ path: String, requiredBy variable: String? = nil) throws(ErrorReport) {
      if let bytes = try Self.read(path, requiredBy: variable) {
        try config.add(bytes, path: path)
      }
    }
    if let path = containersReplacement {
      try add(path, requiredBy: "CONTAINERS_CONF")
    } else {
      for directory in [vendor, system, user].compactMap({ $0 }) {
        try add("\(directory)/containers.conf")
        if directory == vendor { continue }
        for path in Self.dropIns("\(directory)/containers.conf.d", ".conf") { try add(path) }
      }
    }
    for module in modules { try add(try find(module: module)) }
    if let path = containersOverride { try add(path, requiredBy: "CONTAINERS_CONF_OVERRIDE") }
    return config
  }

  /// What `--module` finds by its name alone, sorted.
  public var moduleNames: [String] {
    // A directory that is not there has none.
    let names = moduleDirectories.flatMap { (try? FileTree.list($0)) ?? [] }
    return Set(names).sorted()
  }

  private var moduleDirectories: [String] {
    [user, system, vendor].compactMap { $0.map { "\($0)/containers.conf.modules" } }
  }

  /// Modules are named by their path, or as they are called in the directories for them.
  private func find(module: String) throws(ErrorReport) -> String {
    let places =
      module.hasPrefix("/")
      ? [module]
      : moduleDirectories.map { "\($0)/\(module)" }
    guard let found = places.first(where: FileTree.exists) else {
      throw ErrorReport(
        .notFound, "could not resolve module \"\(module)\": no such file or directory",
        hint: "it may be \(places.joined(separator: " or "))")
    }
    return found
  }
}
