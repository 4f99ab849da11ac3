import ImageStore
import LayerArchive

/// Translates owners between a tree's user namespace and the helper's.
struct TreeOwners: Sendable {
  typealias Owner = (uid: UInt32, gid: UInt32)

  private let ids: TreeIDs

  /// An id that nobody has (the kernel's overflow id).
  private static let nobody: UInt32 = 65_534

  init(_ ids: TreeIDs) { self.ids = ids }

  /// As a process in the tree sees it; what has no id there belongs to nobody.
  func inside(_ owner: Owner) -> Owner {
    (Self.inside(owner.uid, ids.users), Self.inside(owner.gid, ids.groups))
  }

  /// As the helper has to write it.
  func outside(_ owner: Owner) throws(ArchiveError) -> Owner {
    (
      try Self.outside(owner.uid, ids.users, kind: "uid"),
      try Self.outside(owner.gid, ids.groups, kind: "gid")
    )
  }

  private static func inside(_ id: UInt32, _ table: [TreeIDs.Range]) -> UInt32 {
    if table.isEmpty { return id }
    for range in table where id >= range.target && id - range.target < range.length {
      return range.image + (id - range.target)
    }
    return nobody
  }

  private static func outside(_ id: UInt32, _ table: [TreeIDs.Range], kind: String)
    throws(ArchiveError) -> UInt32
  {
    if table.isEmpty { return id }
    for range in table where id >= range.image && id - range.image < range.length {
      return range.target + (id - range.image)
    }
    throw .source(OperationError.unmapped(id: id, kind: kind).report)
  }
}
