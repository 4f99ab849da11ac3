import ImageStore
import LayerArchive
import LinuxSystem
import Model
import OCISpec
import StateStore
import Synchronization

/// Where the compressed bytes of layers come from.
protocol LayerSupply: Sendable {
  /// Gives the layer's bytes, verified at the latest when this returns; called on several threads.
  ///
  /// `body` may be called again, from the start, when the bytes before turned out to be wrong.
  func withLayer<Result>(
    _ descriptor: BlobDescriptor, _ body: (any ByteSource) throws -> Result
  ) throws -> Result
}

/// Puts the layers of an image in place: unpacked side by side, on disk, then visible by rename.
struct LayerInstaller {
  let store: ImageStore
  let reporter: Reporter

  static let workers = 3

  struct Job: Sendable {
    var descriptor: BlobDescriptor
    var diffID: Digest
    var chain: Digest
    var parent: Digest?
  }

  /// Chain IDs of the layers (image-spec config.md, "Layer ChainID").
  static func chains(_ diffIDs: [Digest]) -> [Digest] {
    var chains: [Digest] = []
    for diffID in diffIDs {
      let chain = chains.last.map { Hasher.digest(of: Array("\($0) \(diffID)".utf8)) }
      chains.append(chain ?? diffID)
    }
    return chains
  }

  static func jobs(_ manifest: Manifest, _ config: ImageConfig) -> [Job] {
    let diffIDs = config.rootfs.diffIDs
    let chains = chains(diffIDs)
    return manifest.layers.indices.map { index in
      Job(
        descriptor: manifest.layers[index], diffID: diffIDs[index], chain: chains[index],
        parent: index == 0 ? nil : chains[index - 1])
    }
  }

  /// Returns when every layer is there.
  ///
  /// A layer that another process works on is waited for only after all of ours are visible, so
  /// two processes never wait for one another.
  func install(_ jobs: [Job], from supply: any LayerSupply) throws {
    var waitFor: Job?
    while true {
      var mine: [(job: Job, lock: HeldLock)] = []
      var others: [Job] = []
      for job in jobs where !store.layers.contains(job.chain) {
        let path = store.lockPath(.layer, job.chain.hex)
        let mustWait = waitFor?.chain == job.chain
        waitFor = mustWait ? nil : waitFor
        guard let lock = try HeldLock(path, wait: mustWait, reporter, job.descriptor.digest) else {
          others.append(job)
          continue
        }
        if store.layers.contains(job.chain) {
          try lock.remove(path)
          continue
        }
        mine.append((job, lock))
      }
      if !mine.isEmpty {
        try unpack(mine.map(\.job), from: supply)
        try publish(mine)
      }
      guard let next = others.first else { return }
      waitFor = next
    }
  }

  private func unpack(_ jobs: [Job], from supply: any LayerSupply) throws {
    // The largest first: at the end no thread is to be alone with much to do.
    let shared = WorkList(jobs.sorted { $0.descriptor.size > $1.descriptor.size })
    var threads: [WorkerThread] = []
    for _ in 0..<min(Self.workers, jobs.count) {
      threads.append(
        try WorkerThread {
          while let job = shared.next() {
            do {
              try unpack(job, from: supply)
            } catch {
              shared.fail(HelperProgram.report(of: error))
            }
          }
        })
    }
    for thread in threads { thread.join() }
    if let failure = shared.failure { throw failure }
  }

  /// On a thread of its own: from the first byte of the layer on, it has no network (Sandbox).
  private func unpack(_ job: Job, from supply: any LayerSupply) throws {
    let failure = FailureBox()
    let thread = try WorkerThread {
      do {
        try unpackHere(job, from: supply)
      } catch {
        failure.set(HelperProgram.report(of: error))
      }
    }
    thread.join()
    if let report = failure.report { throw report }
  }

  /// Whether the blob is there and known to hold the layer.
  func isPaired(_ job: Job) throws -> Bool {
    guard try store.flaw(of: job.descriptor, readsAll: false) == nil else { return false }
    return try store.layers.find(job.chain)?.blob == job.descriptor.digest
  }

  /// Makes sure that the blob of a layer that was there already is what the image says it is: another
  /// image's layer must not vouch for bytes that nobody has looked at.
  func pair(_ job: Job, from supply: any LayerSupply) throws {
    if try isPaired(job) { return }
    let failure = FailureBox()
    let thread = try WorkerThread {
      do {
        let found = try supply.withLayer(job.descriptor) { source in
          Sandbox.enter()
          return try Self.diffID(of: source)
        }
        if let flaw = try store.flaw(of: job.descriptor, readsAll: false) {
          throw ErrorReport(.invalidRequest, "blob \(job.descriptor.digest.shortID) \(flaw)")
        }
        guard found == job.diffID else {
          throw ArchiveError.digestMismatch(
            what: "the uncompressed layer \(job.descriptor.digest.shortID)", expected: job.diffID,
            found: found)
        }
      } catch {
        failure.set(HelperProgram.report(of: error))
      }
    }
    thread.join()
    if let report = failure.report { throw report }
  }

  private static func diffID(of source: any ByteSource) throws -> Digest {
    let hasher = Hasher()
    let tar = Decompressor(source)
    var size: Int64 = 0
    while let bytes = try tar.next() {
      hasher.update(bytes)
      size += Int64(bytes.count)
      guard size <= ArchiveLimits().archiveSize else {
        throw ArchiveError.tooMuch("it is too large")
      }
    }
    while try source.next() != nil {}
    return hasher.finish()
  }

  private final class FailureBox: Sendable {
    private let state = Mutex<ErrorReport?>(nil)

    func set(_ report: ErrorReport) { state.withLock { $0 = report } }

    var report: ErrorReport? { state.withLock { $0 } }
  }

  private func unpackHere(_ job: Job, from supply: any LayerSupply) throws {
    let place = ingestPath(job)
    let digest = job.descriptor.digest
    do {
      let outcome = try supply.withLayer(job.descriptor) { source in
        try FileTree.removeTree(place)
        try LayerDirectory.makeFresh(place)
        try FileTree.makeDirectory("\(place)/diff")
        try FileTree.setMode("\(place)/diff", 0o755)
        // A download has its own thread by now.
        Sandbox.enter()
        return try LayerPipeline().unpack(source, into: "\(place)/diff")
      }
      guard outcome.diffID == job.diffID else {
        throw ArchiveError.digestMismatch(
          what: "the uncompressed layer \(digest.shortID)", expected: job.diffID,
          found: outcome.diffID)
      }
      warn(outcome.summary, digest)
      let layer = StoredLayer(
        diffID: job.diffID, parent: job.parent, size: outcome.summary.size,
        tarSize: outcome.tarSize,
        isOpaque: outcome.summary.isOpaque, hasAttributes: outcome.summary.hasAttributes,
        blob: digest)
      try RecordStore(place).write(LayerDirectory.recordName, layer.record)
    } catch {
      // The cause is what counts; what cannot be removed now the next collection removes.
      try? FileTree.removeTree(place)
      throw error
    }
    reporter.progress(digest.shortID, .done)
  }

  /// Puts a good layer in the place of a damaged one, or of none.
  func replace(_ job: Job, from supply: any LayerSupply) throws {
    let path = store.lockPath(.layer, job.chain.hex)
    guard let lock = try HeldLock(path, wait: true, reporter, job.descriptor.digest) else { return }
    try unpack(job, from: supply)
    // The time without the layer shall be short.
    try FileTree.syncFilesystem(store.layers.root)
    let old = store.layers.path(job.chain)
    if FileTree.exists(old) {
      let trash =
        "\(store.layers.root)/\(LayerDirectory.trashPrefix)\(try RandomName.make())"
      try FileTree.rename(old, to: trash)
    }
    try publish([(job, lock)])
  }

  /// Unpacks the layer's blob once more, and tells how the layer differs from that.
  func differences(_ job: Job) throws -> [TreeComparison.Difference] {
    let path = store.lockPath(.layer, job.chain.hex)
    guard let lock = try HeldLock(path, wait: true, reporter, job.descriptor.digest) else {
      return []
    }
    let place = ingestPath(job)
    try unpack(job, from: StoredLayers(blobs: store.blobs, reporter: reporter))
    let differences = try TreeComparison.run(
      store.layers.diff(job.chain), against: "\(place)/diff")
    try FileTree.removeTree(place)
    try lock.remove(path)
    return differences
  }

  private func ingestPath(_ job: Job) -> String {
    "\(store.layers.root)/\(LayerDirectory.ingestPrefix)\(job.chain.hex)"
  }

  private func publish(_ mine: [(job: Job, lock: HeldLock)]) throws {
    // A layer that is visible is trusted for ever: its data goes to disk first, all in one call.
    try FileTree.syncFilesystem(store.layers.root)
    for (job, _) in mine {
      let link = "\(store.layers.root)/\(store.layers.shortLink(job.chain))"
      _ = try FileTree.unlinkIfPresent(link)
      try FileTree.makeLink(link, to: "../\(job.chain.hex)/diff")
      // What a deletion on a full disk left of an earlier one; its lock is ours.
      try FileTree.removeTree(store.layers.path(job.chain))
      try FileTree.rename(ingestPath(job), to: store.layers.path(job.chain))
    }
    for (job, lock) in mine { try lock.remove(store.lockPath(.layer, job.chain.hex)) }
  }

  private func warn(_ summary: LayerUnpacker.Summary, _ digest: Digest) {
    if !summary.refusedAttributes.isEmpty {
      reporter.warn(
        "layer \(digest.shortID): the filesystem refused extended attributes: "
          + summary.refusedAttributes.sorted().joined(separator: ", "))
    }
  }

  /// Jobs that several threads take from; the first failure stops the rest.
  private final class WorkList: Sendable {
    private let state: Mutex<(jobs: ArraySlice<Job>, failure: ErrorReport?)>

    init(_ jobs: [Job]) { state = Mutex((jobs[...], nil)) }

    func next() -> Job? { state.withLock { $0.failure == nil ? $0.jobs.popFirst() : nil } }

    func fail(_ report: ErrorReport) {
      state.withLock { if $0.failure == nil { $0.failure = report } }
    }

    var failure: ErrorReport? { state.withLock { $0.failure } }
  }
}

/// A lock that can be kept in a list.
final class HeldLock {
  private var lock: ObjectLock?

  /// Nil when somebody else has it and we shall not wait.
  init?(_ path: String, wait: Bool, _ reporter: Reporter, _ digest: Digest) throws {
    if wait {
      reporter.progress(digest.shortID, .waiting)
      lock = try ObjectLock.acquire(path) { holder in
        reporter.warn(
          "waiting for \(holder.map { "process \($0.pid) (\($0.command))" } ?? "another process"), "
            + "which is working on layer \(digest.shortID)")
      }
    } else {
      guard let taken = try ObjectLock.attempt(path) else { return nil }
      lock = consume taken
    }
  }

  func remove(_ path: String) throws {
    if let lock = lock.take() { try lock.remove(path) }
  }
}
