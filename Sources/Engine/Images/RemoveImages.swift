import ImageStore
import LinuxSystem
public import Model

/// `rmi`: removes images, or only names of them.
public struct RemoveImages {
  public struct Outcome: Sendable {
    public var untagged: [ImageReference] = []
    public var deleted: [Digest] = []
    public var failures: [ErrorReport] = []
    /// 0; 1 when images did not exist; 2 when containers use them; 125 for anything else.
    public var exitCode: Int32 = 0

    mutating func add(
      _ removal: ImageRemovals.Removal, asked word: String, _ context: EngineContext
    ) {
      untagged += removal.untagged
      for name in removal.untagged {
        context.note(image: "untag", id: removal.deleted?.hex ?? "", name: name.full)
      }
      guard let id = removal.deleted else { return }
      deleted.append(id)
      context.note(image: "remove", id: id.hex, name: word)
    }

    mutating func fail(_ report: ErrorReport, code: Int32) {
      failures.append(report)
      if exitCode == 0 || code > exitCode { exitCode = code }
    }
  }

  private let context: EngineContext
  private let store: ImageStore
  private var users: ImageUserTable

  public init(_ context: EngineContext) {
    self.context = context
    store = context.imageStore
    users = ImageUserTable(context)
  }

  /// Removes what `words` name.
  ///
  /// - Parameters:
  ///   - words: names or ids.
  ///   - force: containers of the images are removed first, and all names at once.
  ///   - ignoresMissing: an image that is not there is no failure.
  ///   - keepsLayers: blobs and layers are left to a later collection.
  /// - Returns: what was done and what was not; one failure does not stop the others.
  /// - Throws: only what makes all of it impossible.
  public mutating func run(
    _ words: [String], force: Bool, ignoresMissing: Bool, keepsLayers: Bool = false
  ) throws -> Outcome {
    var outcome = Outcome()
    var misses = false
    let batch = TrashBatch(context)
    try ImageRemovals.batch(store) { removals in
      for word in words {
        do {
          if let removal = try remove(word, force: force, &removals, batch) {
            outcome.add(removal, asked: word, context)
            continue
          }
          let lists = try removeLists(word)
          outcome.untagged += lists
          guard lists.isEmpty else { continue }
          misses = true
          if ignoresMissing { continue }
          outcome.fail(ErrorReport(.notFound, "\(word): image not known"), code: 1)
        } catch ImageStoreError.inUse(let word, let containers) {
          let shown = (try? Digest(word))?.shortID ?? word
          outcome.fail(ImageStoreError.inUse(shown, containers: containers).report, code: 2)
        } catch {
          outcome.fail(reportOf(error), code: 125)
        }
      }
    }
    try batch.empty()
    if keepsLayers { return outcome }
    if !outcome.deleted.isEmpty {
      try CollectLayers(context).run()
    } else if misses, FileTree.exists(store.root) {
      // It may be what a killed command was removing: then this finishes it, if it can.
      _ = try? CollectLayers(context).run()
    }
    return outcome
  }

  /// Every image that no container uses; with `force` the others as well.
  public mutating func runAll(force: Bool, keepsLayers: Bool = false) throws -> Outcome {
    let lists = ManifestListStore(store)
    let removed = try lists.names().filter { (name) throws in try lists.remove(name) }
    var outcome = try run(
      try store.ids().map { "\($0)" }, force: force, ignoresMissing: true,
      keepsLayers: keepsLayers)
    outcome.untagged += removed
    return outcome
  }

  /// nil when no image has that name.
  private mutating func remove(
    _ word: String, force: Bool, _ removals: inout ImageRemovals, _ batch: TrashBatch
  ) throws -> ImageRemovals.Removal? {
    let name = ResolveImage.withoutTransport(word)
    if force, let image = try removals.find(name)?.image.id {
      for id in try users.current().ids[image] ?? [] {
        try RemoveContainer(context, collecting: batch).run(id, force: true, volumes: false)
      }
    }
    do {
      return try removals.remove(name, users: try users.current().names, force: force)
    } catch ImageStoreError.notFound {
      return nil
    }
  }

  /// A name that no image has may be that of a manifest list; a digest stands for all its names.
  ///
  /// Throws when only an additional store has something of that name.
  private func removeLists(_ word: String) throws -> [ImageReference] {
    let lists = ManifestListStore(store)
    if let found = try lists.findOwn(named: word) {
      return try lists.remove(found.reference) ? [found.reference] : []
    }
    guard let digest = try lists.findOwnMatch(word)?.list.digest else {
      if let refusal = AdditionalStore.refusal(ifLent: word, store) { throw refusal }
      return []
    }
    return try lists.all().filter { $0.list.digest == digest }.map(\.reference)
      .filter { (name) throws in try lists.remove(name) }
  }
}
