/// A table while its document is read: what may still be added depends on how it came to be.
final class TOMLTable {
  enum Item {
    case value(TOMLValue)
    case table(TOMLTable)
    /// An array of tables, which grows by every `[[header]]`.
    case tables([TOMLTable])
  }

  enum Origin {
    /// On the way to a header's table: a header of its own may follow.
    case implied
    /// By its own header.
    case header
    /// By a dotted key: no header may reopen it.
    case dotted
  }

  var items: [String: Item] = [:]
  var origin: Origin

  init(_ origin: Origin) { self.origin = origin }

  var value: TOMLValue {
    .table(
      items.mapValues { item in
        switch item {
        case .value(let value): value
        case .table(let table): table.value
        case .tables(let tables): .array(tables.map(\.value))
        }
      })
  }

  /// The table that a header's path leads to, one step at a time; nil where something else is.
  func descend(_ key: String) -> TOMLTable? {
    switch items[key] {
    case nil:
      let table = TOMLTable(.implied)
      items[key] = .table(table)
      return table
    case .table(let table)?: return table.origin == .dotted ? nil : table
    case .tables(let tables)?: return tables.last
    case .value?: return nil
    }
  }

  /// The table of `[key]`; nil where it may not be defined (again).
  func open(_ key: String) -> TOMLTable? {
    switch items[key] {
    case nil:
      let table = TOMLTable(.header)
      items[key] = .table(table)
      return table
    case .table(let table)? where table.origin == .implied:
      table.origin = .header
      return table
    default: return nil
    }
  }

  /// A new table of `[[key]]`; nil where something else has that name.
  func append(_ key: String) -> TOMLTable? {
    let table = TOMLTable(.header)
    switch items[key] {
    case nil: items[key] = .tables([table])
    case .tables(let tables)?: items[key] = .tables(tables + [table])
    default: return nil
    }
    return table
  }

  /// Sets `a.b.c = value`; false where the key is taken.
  func set(_ path: [String], _ value: TOMLValue) -> Bool {
    var table = self
    for key in path.dropLast() {
      switch table.items[key] {
      case nil:
        let next = TOMLTable(.dotted)
        table.items[key] = .table(next)
        table = next
      case .table(let next)? where next.origin == .dotted: table = next
      default: return false
      }
    }
    guard let last = path.last, table.items[last] == nil else { return false }
    table.items[last] = .value(value)
    return true
  }
}
