import Distribution
import ImageStore
import LayerArchive
import LinuxSystem
import Model
import OCISpec
import StateStore
import Synchronization

/// Layers that come from a registry: kept as blobs while they are unpacked.
struct RegistryLayers: LayerSupply {
  let store: ImageStore
  let reporter: Reporter
  /// Where the layers are, in the order to ask.
  let places: [RegistryConnections.Place]
  let connections: RegistryConnections

  func withLayer<Result>(
    _ descriptor: BlobDescriptor, _ body: (any ByteSource) throws -> Result
  ) throws -> Result {
    let lockPath = store.lockPath(.blob, descriptor.digest.hex)
    // Of two that want one blob, one downloads; the other finds it when the lock is free.
    let lock = try ObjectLock.acquire(lockPath) { holder in
      reporter.warn(
        "waiting for \(holder.map { "process \($0.pid) (\($0.command))" } ?? "another process"), "
          + "which is downloading \(descriptor.digest.shortID)")
    }
    let result = try takeOrDownload(descriptor, body)
    try lock.remove(lockPath)
    return result
  }

  private func takeOrDownload<Result>(
    _ descriptor: BlobDescriptor, _ body: (any ByteSource) throws -> Result
  ) throws -> Result {
    let stored = StoredLayers(blobs: store.blobs, reporter: reporter)
    if store.blobs.contains(descriptor.digest) {
      if try isWhole(descriptor) { return try stored.withLayer(descriptor, body) }
      try FileTree.unlinkIfPresent(store.blobs.path(descriptor.digest))
    }
    if let result = try download(descriptor, body) { return result }
    // What an earlier run had left was wrong, so the pieces handed on were, too.
    return try stored.withLayer(descriptor, body)
  }

  /// A blob that the disk has spoilt is fetched again; hashing costs a fraction of unpacking.
  private func isWhole(_ descriptor: BlobDescriptor) throws -> Bool {
    let path = store.blobs.location(descriptor.digest)
    guard try FileStatus.of(path).size == descriptor.size else { return false }
    let file = try OwnedDescriptor.open(path)
    let hasher = Hasher(descriptor.digest.algorithm)
    let source = DescriptorSource(file.raw)
    while let bytes = try source.next() { hasher.update(bytes) }
    return hasher.finish() == descriptor.digest
  }

  /// Downloads on a thread of its own while `body` reads; nil when `body` must read again.
  private func download<Result>(
    _ descriptor: BlobDescriptor, _ body: (any ByteSource) throws -> Result
  ) throws -> Result? {
    let growth = FileGrowth()
    let source = try GrowingFile(store.blobs.ingestPath(descriptor.digest), growth)
    let download = BlobDownload(
      store: store, descriptor: descriptor, growth: growth, reporter: reporter)
    let thread = try WorkerThread {
      download.run { sink in try fetch(descriptor, into: sink) }
    }
    defer { thread.join() }
    let result: Result
    do {
      result = try body(source)
    } catch {
      download.readerFailed(error)
      thread.join()
      if download.hasDiverged { return nil }
      // A blob that is not what its digest says explains every error behind it.
      throw download.failure ?? error
    }
    thread.join()
    if let failure = download.failure { throw failure }
    return download.hasDiverged ? nil : result
  }

  /// What one place lacks the next one may have.
  private func fetch(_ descriptor: BlobDescriptor, into sink: BlobDownload.BlobSink) throws {
    var places = places[...]
    while let place = places.popFirst() {
      do {
        let client = try connections.makeClient(for: place)
        return try client.fetchBlob(descriptor, from: place.reference, into: sink)
      } catch let error as RegistryError {
        if case .local = error { throw error }
        guard !places.isEmpty, error != .cancelled else { throw error }
        reporter.warn("mirror \(place.reference.name): \(error.report.message)")
      }
    }
  }
}

/// One download: to a file that the next process can go on with, to the hash; the reader follows.
final class BlobDownload: Sendable {
  private let store: ImageStore
  private let descriptor: BlobDescriptor
  private let growth: FileGrowth
  private let reporter: Reporter
  private let state = Mutex(State())

  private struct State {
    var failure: ErrorReport?
    var hasDiverged = false
    var isStopped = false
  }

  init(store: ImageStore, descriptor: BlobDescriptor, growth: FileGrowth, reporter: Reporter) {
    self.store = store
    self.descriptor = descriptor
    self.growth = growth
    self.reporter = reporter
  }

  var failure: ErrorReport? { state.withLock { $0.failure } }

  /// The reader was given bytes that were taken back later.
  var hasDiverged: Bool { state.withLock { $0.hasDiverged } }

  /// The reader wants no more.
  ///
  /// If the data may be to blame, the rest is fetched all the same, for then its digest tells.
  func readerFailed(_ error: any Error) {
    let dataMayBeWrong =
      switch error as? ArchiveError {
      case .malformed?, .compression?, .truncated?: true
      default: false
      }
    if !dataMayBeWrong { state.withLock { $0.isStopped = true } }
    growth.abandon()
  }

  /// The thread's job; `fetch` gets the bytes into the sink and compares the digest.
  func run(_ fetch: (BlobSink) throws -> Void) {
    do {
      let sink = try BlobSink(self)
      do {
        try fetch(sink)
      } catch let error as RegistryError {
        if case .digestMismatch = error { try sink.discard() }
        throw error
      }
      growth.finish()
      try store.blobs.publish(sink.path, as: descriptor.digest)
    } catch {
      let report = HelperProgram.report(of: error)
      state.withLock { if !$0.isStopped { $0.failure = report } }
      growth.finish(.source(report))
    }
  }

  /// Where the bytes go.
  final class BlobSink: DigestingSink {
    private let download: BlobDownload
    private let file: OwnedDescriptor
    private var hasher: Hasher
    private(set) var received: Int64 = 0
    let path: String

    struct Stopped: Error {}

    /// Takes over what an earlier process left.
    init(_ download: BlobDownload) throws {
      self.download = download
      path = download.store.blobs.ingestPath(download.descriptor.digest)
      file = try OwnedDescriptor.open(path, [.readWrite, .create])
      hasher = Hasher(download.descriptor.digest.algorithm)
      let source = DescriptorSource(file.raw)
      while let bytes = try source.next() { try take(bytes) }
    }

    func write(_ chunk: [UInt8]) throws {
      if download.state.withLock({ $0.isStopped }) { throw Stopped() }
      do throws(SystemError) { try OpenFile.write(file.raw, chunk, 0..<chunk.count) } catch {
        // Through the registry client only a report keeps its meaning.
        throw error.stateReport
      }
      try take(chunk)
    }

    private func take(_ bytes: [UInt8]) throws {
      received += Int64(bytes.count)
      hasher.update(bytes)
      let diverged = download.state.withLock { $0.hasDiverged }
      if !diverged { download.growth.reach(received) }
      download.reporter.progress(
        download.descriptor.digest.shortID, .downloading, received, of: download.descriptor.size)
    }

    func restart() throws {
      if received > 0 {
        download.state.withLock { $0.hasDiverged = true }
        download.growth.finish(.truncated)
      }
      try OpenFile.setSize(file.raw, 0)
      try OpenFile.seek(file.raw, to: 0)
      hasher = Hasher(download.descriptor.digest.algorithm)
      received = 0
    }

    func finish(_ algorithm: Digest.Algorithm) throws -> Digest { hasher.finish() }

    func discard() throws { try FileTree.unlinkIfPresent(path) }
  }
}
