import ImageStore
import LinuxSystem
import Model
import OCISpec
import StateStore
import UserNamespaces

/// `--userns auto`: ids for a container alone, the lowest in a row that no other such container has.
///
/// Which are taken stands in the records of the containers; while one is being made, in a file that
/// its maker holds locked. Only looking and writing that file is done under a lock, so nobody waits
/// for another's image, and who is killed takes nothing with him.
struct AutoMapping {
  /// `auto:size=,uidmapping=,gidmapping=`.
  struct Options: Equatable {
    var size: UInt32?
    var users: [String] = []
    var groups: [String] = []

    init() {}

    init(_ text: Substring) throws(ErrorReport) {
      for part in text.split(separator: ",") {
        let pair = part.split(separator: "=", maxSplits: 1)
        let value = pair.count == 2 ? String(pair[1]) : ""
        switch pair[0] {
        case "size":
          guard let size = UInt32(value), size > 0 else {
            throw ErrorReport(.invalidRequest, "invalid option \"\(part)\" of --userns auto")
          }
          self.size = size
        case "uidmapping": users.append(value)
        case "gidmapping": groups.append(value)
        default:
          throw ErrorReport(
            .invalidRequest, "option \"\(pair[0])\" of --userns auto is not supported",
            hint: "size, uidmapping and gidmapping are")
        }
      }
    }
  }

  /// Ids of a container that is being made; they are free again when the value goes and there is no
  /// container that says it has them.
  final class Reservation {
    let map: IDMapping
    private let path: String
    private let lock: FileLock

    init(_ map: IDMapping, path: String, lock: consuming FileLock) {
      self.map = map
      self.path = path
      self.lock = lock
    }

    deinit { _ = try? FileTree.unlinkIfPresent(path) }
  }

  private static let prefix = "userns-"
  /// The smallest range where nothing says how many are needed, as for podman.
  private static let least: UInt32 = 1024

  let context: EngineContext
  private var locks: String { "\(context.directories.data)/locks" }

  /// Ids for container `id`, made from `image`, whose process is `user`.
  func reserve(_ options: Options, id: String, image: StoredImage?, user: String) throws
    -> Reservation
  {
    guard case .map(let outer) = try context.namespacePlan() else {
      throw ErrorReport(
        .invalidRequest, "--userns auto is for ordinary users",
        hint: "use --uidmap and --gidmap to choose the ids")
    }
    let forced = try Self.forced(options, in: outer)
    let size = try options.size ?? max(Self.least, needed(image, user))
    try FileTree.ensureDirectory(locks)
    let turn = try FileLock("\(locks)/userns")
    let taken = try self.taken() + (forced?.users ?? []) + (forced?.groups ?? [])
    let users = Self.gaps(size, forced?.users ?? [])
    let groups = Self.gaps(size, forced?.groups ?? [])
    let count = max(Self.sum(users), Self.sum(groups))
    let start = try Self.find(count, besides: taken, in: outer)
    let map = IDMapping(
      users: (Self.place(users, from: start) + (forced?.users ?? [])).sorted(),
      groups: (Self.place(groups, from: start) + (forced?.groups ?? [])).sorted())
    let path = "\(locks)/\(Self.prefix)\(id)"
    guard let lock = try FileLock.attempt(path) else {
      throw ErrorReport(.bug, "the ids of container \(id) are being chosen already")
    }
    try Descriptor.writeAll(lock.descriptor, "\(start) \(count)\n")
    _ = consume turn
    return Reservation(map, path: path, lock: lock)
  }

  private static func forced(_ options: Options, in outer: IDMapping) throws(ErrorReport)
    -> IDMapping?
  {
    // Each is for its own kind alone.
    guard
      let given = try MappingOptions(
        users: options.users.map { "u\($0)" }, groups: options.groups.map { "g\($0)" })
    else { return nil }
    var map = try given.resolve(in: outer)
    // Nothing given for one of them means everything there, not here.
    if options.users.isEmpty { map.users = [] }
    if options.groups.isEmpty { map.groups = [] }
    return map
  }

  // MARK: Which ids

  /// The ids of our namespace that other containers have.
  private func taken() throws -> [IDRange] {
    var taken: [IDRange] = []
    // In this order: who has become a container since is among the containers.
    for name in try FileTree.list(locks) where name.hasPrefix(Self.prefix) {
      let path = "\(locks)/\(name)"
      guard try FileLock.isHeld(path) else {
        // Its maker was killed, or has made the container.
        _ = try FileTree.unlinkIfPresent(path)
        continue
      }
      let numbers = try FileTree.readText(path).split(whereSeparator: \.isWhitespace)
        .compactMap { UInt32($0) }
      guard numbers.count == 2 else { continue }
      taken.append(IDRange(inside: 0, outside: numbers[0], count: numbers[1]))
    }
    let store = ContainerStore(context)
    for id in try store.ids() {
      do {
        let namespaces = try store.load(id).namespaces
        guard namespaces.user.hasPrefix("auto"), case .mapped(let map) = namespaces.userns else {
          continue
        }
        taken += map.users + map.groups
      } catch EngineError.noSuchContainer { continue }
    }
    return taken
  }

  /// The first of `count` ids in a row that are free for users and for groups.
  ///
  /// 0 is the caller himself.
  private static func find(_ count: UInt32, besides taken: [IDRange], in outer: IDMapping)
    throws(ErrorReport) -> UInt32
  {
    let end = min(outer.users.map(\.insideEnd).max() ?? 0, outer.groups.map(\.insideEnd).max() ?? 0)
    var start: UInt64 = 1
    for range in taken.sorted(by: { $0.outside < $1.outside }) {
      if start + UInt64(count) <= UInt64(range.outside) { break }
      start = max(start, UInt64(range.outside) + UInt64(range.count))
    }
    guard start + UInt64(count) <= end else {
      throw ErrorReport(
        .unavailable, "there are no \(count) ids in a row left for --userns auto",
        hint: "use --userns auto:size=NUMBER for fewer, or remove containers that have some")
    }
    return UInt32(start)
  }

  /// The ids inside, from 0 to `size`, that are not given by hand.
  private static func gaps(_ size: UInt32, _ forced: [IDRange]) -> [IDRange] {
    var gaps: [IDRange] = []
    var next: UInt32 = 0
    for range in forced.sorted() where range.inside < size {
      if range.inside > next {
        gaps.append(IDRange(inside: next, outside: 0, count: range.inside - next))
      }
      next = range.inside + range.count
    }
    if next < size { gaps.append(IDRange(inside: next, outside: 0, count: size - next)) }
    return gaps
  }

  private static func sum(_ ranges: [IDRange]) -> UInt32 { ranges.reduce(0) { $0 + $1.count } }

  private static func place(_ gaps: [IDRange], from start: UInt32) -> [IDRange] {
    var next = start
    return gaps.map { gap in
      defer { next += gap.count }
      return IDRange(inside: gap.inside, outside: next, count: gap.count)
    }
  }
}

// MARK: How many

extension AutoMapping {
  /// One more than the highest id that the image's accounts, or the process, have.
  private func needed(_ image: StoredImage?, _ user: String) throws -> UInt32 {
    var highest: UInt32 = 0
    for part in user.split(separator: ":") { highest = max(highest, UInt32(part) ?? 0) }
    guard let image else { return highest + 1 }
    for file in ["/etc/passwd", "/etc/group"] {
      guard let text = text(of: file, in: image) else { continue }
      for line in text.split(separator: "\n") {
        let fields = line.split(separator: ":", omittingEmptySubsequences: false)
        // Who is nobody owns nothing.
        guard fields.count > 3, fields[0] != "nobody", fields[0] != "nogroup" else { continue }
        for field in file == "/etc/passwd" ? fields[2...3] : fields[2...2] {
          highest = max(highest, UInt32(field) ?? 0)
        }
      }
    }
    return highest == .max ? .max : highest + 1
  }

  /// A file of the image, where we may read it: of the topmost layer that has it.
  private func text(of file: String, in image: StoredImage) -> String? {
    let layers = context.imageStore.layers
    for layer in image.layers.reversed() {
      guard let root = try? RootDirectory(layers.diff(layer)),
        let found = try? root.open(file, [.readOnly, .nonBlocking])
      else { continue }
      guard (try? FileStatus.of(descriptor: found.raw).kind) == .regular else { return nil }
      let bytes = try? Descriptor.readAll(found.raw, limit: 1 << 20)
      return bytes.map { String(decoding: $0, as: UTF8.self) }
    }
    return nil
  }
}
