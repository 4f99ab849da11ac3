public import LinuxSystem
import Model
import OCISpec
import StateStore

/// The containers of one user on disk.
///
/// `containers/<id>/` with `config.json`, and `names/<name>`, a link to the id. A name is taken by
/// making its link, which only one process can (symlink(2)); a container exists from the moment its
/// directory has its final name.
public struct ContainerStore: Sendable {
  public let context: EngineContext

  public init(_ context: EngineContext) { self.context = context }

  public func directory(_ id: String) -> String { "\(context.containers)/\(id)" }
  /// Where a container's directory goes to be removed.
  func trash(_ id: String) -> String { "\(context.trash)/\(id)" }
  public func liveDirectory(_ id: String) -> String { "\(context.live)/\(id)" }

  /// Reads a container's configuration.
  public func load(_ id: String) throws -> ContainerConfig {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try FileTree.read("\(directory(id))/config.json", limit: 16 << 20)
    } catch {
      if error.errno == Errno.noEntry || error.errno == Errno.notDirectory {
        throw EngineError.noSuchContainer(id)
      }
      throw error
    }
    do throws(SpecError) { return try ContainerConfig(parsing: bytes) } catch {
      throw ErrorReport(
        .unavailable, "the configuration of container \(id.prefix(12)) is damaged: \(error)")
    }
  }

  /// The id of the container called `text`: a name, an id, or the unambiguous start of an id.
  public func resolve(_ text: String) throws -> String {
    if let id = try find(text) { return id }
    throw EngineError.noSuchContainer(text)
  }

  public func find(_ given: String) throws -> String? {
    let text = ContainerName.bare(given)
    if ContainerName.isValid(text), let id = try holder(ofName: text) { return id }
    guard !text.isEmpty, text.allSatisfy({ $0.isHexDigit && !$0.isUppercase }) else { return nil }
    if text.count == 64 { return exists(text) ? text : nil }
    let matches = try ids().filter { $0.hasPrefix(text) }.sorted()
    if matches.count > 1 {
      throw EngineError.ambiguousContainer(text, matches.map { String($0.prefix(12)) })
    }
    return matches.first
  }

  public func exists(_ id: String) -> Bool { FileTree.exists("\(directory(id))/config.json") }

  /// Every container's id, in no order.
  public func ids() throws(SystemError) -> [String] {
    do throws(SystemError) {
      return try FileTree.list(context.containers).filter { $0.utf8.count == 64 }
    } catch {
      if error.errno == Errno.noEntry { return [] }
      throw error
    }
  }

  /// The id that `name` stands for; nil when it is free, or left over from a killed command.
  func holder(ofName name: String) throws(SystemError) -> String? {
    do throws(SystemError) {
      let id = try FileTree.readLink("\(context.names)/\(name)")
      return exists(id) ? id : nil
    } catch {
      if error.errno == Errno.noEntry { return nil }
      throw error
    }
  }

  /// Writes a new container; its name is taken before it exists, so of many that want it one wins.
  ///
  /// It survives a power cut from here on, unless it is one that goes when it ends. `starts`: we start it
  /// next, and nobody shall take it for idle until then (`EngineContext.keepLock`).
  public func add(
    _ config: ContainerConfig, starts: Bool = false, events: (TransferEvent) -> Void = { _ in }
  ) throws {
    let id = config.id
    let durability: RecordStore.Durability = config.lifecycle.autoRemove ? .process : .power
    if !FileTree.exists(context.containers) { try FileTree.ensurePlace(context.containers) }
    try FileTree.ensureDirectory(context.names)
    // Now, since a removal must not need a directory that a full disk cannot make.
    try FileTree.ensureDirectory(context.trash)
    let draft = try ContainerDraft.make(id, in: context.containers)
    let path = draft.path
    var rollback = Rollback()
    rollback.onFailure { try? FileTree.removeTree(path) }
    try claim(config.name, for: id)
    let store = self
    rollback.onFailure { try? store.release(config.name, of: id) }
    if config.isWholeCopy {
      try WholeCopy(context, config).make(in: path, events: events)
    } else {
      for part in ["upper", "work"] {
        try FileTree.makeDirectory("\(path)/\(part)", mode: part == "work" ? 0o700 : 0o755)
      }
    }
    let records = RecordStore(path)
    try records.write("summary", ContainerSummaryRecord.make(config), durability: durability)
    try records.write("config.json", bytes: config.encoded(), durability: durability)
    let lock = try draft.publish(to: directory(id))
    rollback.commit()
    if starts { context.keepLock(lock, of: id) }
    if durability == .power {
      try FileTree.sync(context.names)
      try FileTree.sync(context.containers)
    }
  }

  /// Takes a name for a container that exists or is about to.
  ///
  /// `holdsNamesLock`: the caller has `namesLock` already.
  func claim(_ name: String, for id: String, holdsNamesLock: Bool = false) throws {
    let path = "\(context.names)/\(name)"
    for _ in 0..<8 {
      do throws(SystemError) {
        try FileTree.makeLink(path, to: id)
        return
      } catch {
        guard error.errno == Errno.exists else { throw error }
      }
      if let other = try holder(ofName: name), isCalled(other, name) {
        throw EngineError.nameInUse(name, by: String(other.prefix(12)))
      }
      // A command that was killed between its claim and its container left the link. It may also
      // be another's, just made: that one holds the creation lock of its id.
      if holdsNamesLock {
        try removeStaleName(name)
      } else {
        let lock = try ObjectLock.acquire(namesLock)
        try removeStaleName(name)
        _ = consume lock
      }
    }
    throw EngineError.nameInUse(name, by: "another command")
  }

  /// Whether a container that has the name says so itself: a killed `rename` leaves two links.
  private func isCalled(_ id: String, _ name: String) -> Bool {
    guard let summary = try? RecordStore(directory(id)).find("summary") else { return true }
    return summary["name"] == name
  }

  /// Takes away a name whose owner neither exists nor is being created, or is called otherwise.
  private func removeStaleName(_ name: String) throws {
    let path = "\(context.names)/\(name)"
    guard let id = try? FileTree.readLink(path) else { return }
    if exists(id) {
      guard !isCalled(id, name) else { return }
    } else if try ContainerDraft.isBeingMade(id, in: context.containers) {
      throw EngineError.nameInUse(name, by: "a container that is being created")
    } else if exists(id) {
      // It was finished between the two questions.
      return
    }
    try FileTree.unlinkIfPresent(path)
  }

  /// Held while names are changed or taken away, never while one is merely taken.
  var namesLock: String { "\(context.directories.data)/locks/names" }

  /// Changes what a container's configuration says: its name, or its limits.
  @discardableResult
  func change(_ id: String, _ body: (inout ContainerConfig) throws -> Void) throws
    -> ContainerConfig
  {
    let lock: FileLock
    do throws(SystemError) { lock = try FileLock("\(directory(id))/change.lock") } catch {
      throw error.errno == Errno.noEntry ? EngineError.noSuchContainer(id) : error
    }
    var config = try load(id)
    try body(&config)
    let records = RecordStore(directory(id))
    try records.write("summary", ContainerSummaryRecord.make(config), durability: .power)
    try records.write("config.json", bytes: config.encoded(), durability: .power)
    _ = consume lock
    return config
  }

  /// Takes away the names of containers whose making or removal was killed.
  func removeNames(ofLost ids: Set<String>) throws(SystemError) {
    if ids.isEmpty { return }
    for name in (try? FileTree.list(context.names)) ?? [] {
      let path = "\(context.names)/\(name)"
      guard let owner = try? FileTree.readLink(path), ids.contains(owner), !exists(owner) else {
        continue
      }
      try FileTree.unlinkIfPresent(path)
    }
  }

  /// The lock of a container's monitor; when it holds text, that is of the last start.
  public func monitorLock(_ id: String) -> String {
    "\(directory(id))/\(ContainerDraft.lockName)"
  }

  /// The lock that a container's monitor has, if nobody has it; nil otherwise.
  ///
  /// - Throws: `EngineError.noSuchContainer` where the container goes away meanwhile.
  func takeMonitorLock(_ id: String) throws -> FileLock? {
    let path = monitorLock(id)
    do throws(SystemError) {
      guard let lock = try FileLock.attempt(path) else { return nil }
      // A removal that had it before us has taken the directory away.
      if try lock.isStill(at: path) { return lock }
    } catch {
      guard error.errno == Errno.noEntry else { throw error }
    }
    throw EngineError.noSuchContainer(String(id.prefix(12)))
  }

  /// Where every monitor mounts its container's root, in a mount namespace of its own.
  public var mountPoint: String { "\(context.directories.runtime)/rootfs" }

  func release(_ name: String, of id: String) throws {
    let path = "\(context.names)/\(name)"
    if (try? FileTree.readLink(path)) == id { try FileTree.unlinkIfPresent(path) }
  }

  /// Makes a container and its name disappear at once.
  ///
  /// The files follow when somebody empties the trash. False when it was gone already.
  @discardableResult
  public func unlist(_ id: String, name: String) throws -> Bool {
    try FileTree.ensureDirectory(context.trash)
    let moved: Bool
    do throws(SystemError) {
      try FileTree.rename(directory(id), to: trash(id))
      moved = true
    } catch {
      guard error.errno == Errno.noEntry || error.errno == Errno.notEmpty else { throw error }
      moved = false
    }
    try release(name, of: id)
    return moved
  }
}

/// Rules for container names.
public enum ContainerName {
  /// Without the slash that docker shows before names and both take.
  public static func bare(_ text: String) -> String {
    text.hasPrefix("/") ? String(text.dropFirst()) : text
  }

  public static func isValid(_ text: String) -> Bool {
    guard let first = text.utf8.first, isAlphanumeric(first) else { return false }
    return text.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x5F || $0 == 0x2E || $0 == 0x2D }
  }

  private static func isAlphanumeric(_ c: UInt8) -> Bool {
    (0x30...0x39).contains(c) || (0x41...0x5A).contains(c) || (0x61...0x7A).contains(c)
  }

  /// A made-up name of two words, as docker gives one; `seed` picks it.
  public static func random(_ seed: [UInt8]) -> String {
    let a = adjectives[Int(seed[0]) % adjectives.count]
    let b = birds[(Int(seed[1]) << 8 | Int(seed[2])) % birds.count]
    return "\(a)_\(b)"
  }

  private static let adjectives = [
    "agile", "airy", "amber", "bold", "brave", "bright", "brisk", "calm", "cheerful", "clever",
    "cosy", "crisp", "daring", "deft", "eager", "early", "fair", "fleet", "fond", "gentle", "glad",
    "golden", "happy", "hardy", "honest", "jolly", "keen", "kind", "light", "lively", "loyal",
    "lucid", "merry", "mild", "neat", "nimble", "noble", "patient", "plucky", "polite", "proud",
    "quick", "quiet", "rapid", "ready", "serene", "sharp", "shy", "silver", "sleek", "smart",
    "snug", "steady", "sunny", "swift", "tidy", "tranquil", "upbeat", "vivid", "warm", "witty",
    "wise", "young", "zesty",
  ]
  private static let birds = [
    "avocet", "bittern", "blackbird", "bluethroat", "brambling", "bullfinch", "bunting",
    "chiffchaff",
    "coot", "cormorant", "crane", "crossbill", "curlew", "dabchick", "dipper", "dotterel", "dunlin",
    "dunnock", "eider", "falcon", "fieldfare", "finch", "firecrest", "fulmar", "gadwall", "gannet",
    "garganey", "godwit", "goldcrest", "goosander", "goshawk", "grebe", "greenshank", "guillemot",
    "harrier", "heron", "hobby", "hoopoe", "ibis", "jackdaw", "jay", "kestrel", "kingfisher",
    "kittiwake", "knot", "lapwing", "lark", "linnet", "magpie", "mallard", "martin", "merlin",
    "nightjar", "nuthatch", "oriole", "osprey", "ouzel", "petrel", "pintail", "pipit", "plover",
    "pochard", "puffin", "quail", "rail", "raven", "redpoll", "redshank", "redstart", "redwing",
    "robin", "rook", "ruff", "sanderling", "sandpiper", "serin", "shelduck", "shrike", "siskin",
    "skua", "skylark", "smew", "snipe", "sparrow", "starling", "stint", "stonechat", "stork",
    "swan",
    "swift", "teal", "tern", "thrush", "treecreeper", "turnstone", "twite", "wagtail", "warbler",
    "waxwing", "wheatear", "whimbrel", "whinchat", "wigeon", "woodcock", "woodlark", "wren",
    "wryneck",
  ]
}
