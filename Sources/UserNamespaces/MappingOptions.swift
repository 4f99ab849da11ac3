public import Model

/// What `--uidmap` and `--gidmap` say, in podman's spelling: `[FLAGS]CONTAINER:FROM[:AMOUNT]`.
///
/// FROM is an id of the user namespace that all containers of the user have in common; `@` before it
/// makes it one of the machine. The flag `+` lets an entry take ids from those before it, `u` and `g`
/// limit it to users or groups (podman-run(1)).
public struct MappingOptions: Equatable, Sendable {
  public enum Kind: String, Sendable { case users = "u", groups = "g" }

  struct Entry: Equatable {
    var inside: UInt32
    var from: UInt32
    var count: UInt32
    var isMachineID: Bool
    var extends: Bool
    var kinds: Set<Kind>
  }

  private var users: [Entry]
  private var groups: [Entry]

  /// Nil when there are none.
  public init?(users: [String], groups: [String]) throws(ErrorReport) {
    if users.isEmpty, groups.isEmpty { return nil }
    // What is given for one of them alone counts for both.
    self.users = try Self.parse(users.isEmpty ? groups : users, .users)
    self.groups = try Self.parse(groups.isEmpty ? users : groups, .groups)
  }

  /// The map to nest in `outer`.
  public func resolve(in outer: IDMapping) throws(ErrorReport) -> IDMapping {
    IDMapping(
      users: try Self.resolve(users, in: outer.users),
      groups: try Self.resolve(groups, in: outer.groups))
  }

  private static func parse(_ texts: [String], _ kind: Kind) throws(ErrorReport) -> [Entry] {
    var entries: [Entry] = []
    for text in texts {
      let entry = try parse(text)
      if entry.kinds.isEmpty || entry.kinds.contains(kind) { entries.append(entry) }
    }
    return entries
  }

  /// One entry as it is written, flags and all.
  static func parse(_ text: String) throws(ErrorReport) -> Entry {
    var rest = text[...]
    var extends = false
    var kinds: Set<Kind> = []
    while let first = rest.first, !first.isNumber {
      if first == "+" {
        extends = true
      } else if let kind = Kind(rawValue: String(first)) {
        kinds.insert(kind)
      } else {
        throw bad(text)
      }
      rest = rest.dropFirst()
    }
    var parts = rest.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2 || parts.count == 3 else { throw bad(text) }
    let isMachineID = parts[1].hasPrefix("@")
    if isMachineID { parts[1] = parts[1].dropFirst() }
    let count = parts.count == 3 ? UInt32(parts[2]) : 1
    guard let inside = UInt32(parts[0]), let from = UInt32(parts[1]), let count, count > 0,
      !inside.addingReportingOverflow(count).overflow, !from.addingReportingOverflow(count).overflow
    else { throw bad(text) }
    return Entry(
      inside: inside, from: from, count: count, isMachineID: isMachineID, extends: extends,
      kinds: kinds)
  }

  private static func bad(_ text: String) -> ErrorReport {
    ErrorReport(
      .invalidRequest, "invalid id mapping \"\(text)\"",
      hint: "write CONTAINER_ID:FROM_ID:AMOUNT, such as 0:1:1000")
  }

  private static func resolve(_ entries: [Entry], in outer: [IDRange]) throws(ErrorReport)
    -> [IDRange]
  {
    var map: [IDRange] = []
    for entry in entries {
      for range in try ranges(of: entry, in: outer) {
        if entry.extends { map = map.flatMap { $0.without(range) } }
        guard !map.contains(where: { $0.overlaps(range) }) else {
          throw ErrorReport(
            .invalidRequest, "the id mapping \(range.text) overlaps another",
            hint: "write +\(range.text) to have it take the ids from those before it")
        }
        map.append(range)
      }
    }
    // Where nothing is given but what to do differently, the rest is as it comes.
    if entries.allSatisfy(\.extends) { map += rest(of: outer, besides: map) }
    return map.sorted()
  }

  /// What an entry says in the ids of `outer`'s own namespace.
  private static func ranges(of entry: Entry, in outer: [IDRange]) throws(ErrorReport)
    -> [IDRange]
  {
    var ranges: [IDRange] = []
    let end = entry.from + entry.count
    for range in outer {
      let first = entry.isMachineID ? range.outside : range.inside
      let start = max(first, entry.from)
      let stop = min(UInt64(first) + UInt64(range.count), UInt64(end))
      guard UInt64(start) < stop else { continue }
      ranges.append(
        IDRange(
          inside: entry.inside + (start - entry.from), outside: range.inside + (start - first),
          count: UInt32(stop - UInt64(start))))
    }
    guard ranges.reduce(0, { $0 + UInt64($1.count) }) == UInt64(entry.count) else {
      let what = entry.isMachineID ? "are not all subordinate to you" : "are not all yours to map"
      throw ErrorReport(
        .invalidRequest, "the ids \(entry.from) to \(end - 1) of an id mapping \(what)",
        hint: "martlet unshare cat /proc/self/uid_map shows what there is")
    }
    return ranges
  }

  /// The ids of `outer` that `map` does not use yet, lowest first, for the lowest free ids inside.
  private static func rest(of outer: [IDRange], besides map: [IDRange]) -> [IDRange] {
    var free = outer.map { IDRange(inside: $0.inside, outside: $0.inside, count: $0.count) }
    for range in map { free = free.flatMap { $0.without(outside: range) } }
    var filled: [IDRange] = []
    var next: UInt32 = 0
    for piece in free.sorted(by: { $0.outside < $1.outside }) {
      var piece = piece
      while piece.count > 0 {
        // The next id inside that nothing has, and how many there are in a row.
        while let taken = map.first(where: { next >= $0.inside && next - $0.inside < $0.count }) {
          next = taken.inside + taken.count
        }
        let wall = map.map(\.inside).filter { $0 > next }.min() ?? .max
        let count = min(piece.count, wall - next)
        if count == 0 { return filled }
        filled.append(IDRange(inside: next, outside: piece.outside, count: count))
        next += count
        piece = IDRange(
          inside: piece.inside, outside: piece.outside + count, count: piece.count - count)
      }
    }
    return filled
  }
}

extension IDRange: Comparable {
  /// As options and records spell it: `INSIDE:OUTSIDE:COUNT`.
  public var text: String { "\(inside):\(outside):\(count)" }

  /// By the ids inside.
  public static func < (a: IDRange, b: IDRange) -> Bool { a.inside < b.inside }

  /// One past the last id inside.
  public var insideEnd: UInt64 { UInt64(inside) + UInt64(count) }

  private static func meet(_ a: UInt32, _ b: UInt32, _ x: UInt32, _ y: UInt32) -> Bool {
    UInt64(a) < UInt64(x) + UInt64(y) && UInt64(x) < UInt64(a) + UInt64(b)
  }

  /// Whether an id is in both, inside or outside.
  func overlaps(_ other: IDRange) -> Bool {
    Self.meet(inside, count, other.inside, other.count)
      || Self.meet(outside, count, other.outside, other.count)
  }

  /// What is left of it when `other` takes its ids, inside and outside.
  func without(_ other: IDRange) -> [IDRange] {
    cut(from: inside, other.inside, other.count).flatMap { $0.without(outside: other) }
  }

  /// The same for the ids outside alone.
  func without(outside other: IDRange) -> [IDRange] {
    cut(from: outside, other.outside, other.count)
  }

  /// Takes away `length` ids from `first` on, where `start` is this range's first of the same kind.
  private func cut(from start: UInt32, _ first: UInt32, _ length: UInt32) -> [IDRange] {
    guard Self.meet(start, count, first, length) else { return [self] }
    var pieces: [IDRange] = []
    if first > start {
      pieces.append(IDRange(inside: inside, outside: outside, count: first - start))
    }
    let used = UInt64(first) + UInt64(length) - UInt64(start)
    if used < UInt64(count) {
      let skip = UInt32(used)
      pieces.append(IDRange(inside: inside + skip, outside: outside + skip, count: count - skip))
    }
    return pieces
  }
}

extension IDMapping {
  /// As `IDRange.text` writes the ranges; nil when one cannot be read.
  public init?(users: [String], groups: [String]) {
    func parse(_ texts: [String]) -> [IDRange]? {
      let ranges = texts.compactMap { text -> IDRange? in
        let numbers = text.split(separator: ":").compactMap { UInt32($0) }
        guard numbers.count == 3 else { return nil }
        return IDRange(inside: numbers[0], outside: numbers[1], count: numbers[2])
      }
      return ranges.count == texts.count ? ranges : nil
    }
    guard let users = parse(users), let groups = parse(groups) else { return nil }
    self.init(users: users, groups: groups)
  }

  /// A nested map, relative to this one, of everything but the caller (0 here).
  public func withoutCaller() -> IDMapping {
    func rest(_ map: [IDRange]) -> [IDRange] {
      let end = map.map(\.insideEnd).max() ?? 0
      return end > 1 ? [IDRange(inside: 0, outside: 1, count: UInt32(end - 1))] : []
    }
    return IDMapping(users: rest(users), groups: rest(groups))
  }
}
