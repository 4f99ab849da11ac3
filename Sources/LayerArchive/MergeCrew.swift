import LinuxSystem
import Synchronization

/// Threads that make the files of a merged image, a directory at a time: a filesystem with a journal
/// makes two files side by side in hardly more time than one.
final class MergeCrew {
  /// The entries of a directory that are no directories.
  struct Batch: Sendable {
    let place: MergePlace
    /// Of the directory itself.
    let status: FileStatus
    var entries: [(name: RawPath, status: FileStatus)] = []
  }

  /// More bring nothing: the journal is one for all.
  private static let size = 2
  /// Each batch that waits keeps two directories open.
  private static let waiting = 8

  private let queue = BoundedQueue<Batch>(capacity: waiting)
  private let failure = FirstFailure()
  private var threads: [WorkerThread] = []

  init(_ files: MergedFiles) throws(ArchiveError) {
    do throws(SystemError) {
      for _ in 0..<Self.size {
        threads.append(
          try WorkerThread { [queue, failure] in
            var identity = CreationIdentity()
            while let batch = queue.pop() {
              do throws(ArchiveError) { try files.make(batch, as: &identity) } catch {
                failure.set(error)
                queue.abandon()
              }
            }
          })
      }
    } catch {
      abandon()
      throw .system(error)
    }
  }

  /// Hands a directory's files over; throws what stopped the threads.
  func add(_ batch: Batch) throws(ArchiveError) {
    guard queue.push(batch) else { return try finish() }
  }

  /// Returns when all files are made.
  func finish() throws(ArchiveError) {
    queue.finish()
    for thread in threads { thread.join() }
    if let error = failure.error { throw error }
  }

  /// Returns when nobody makes files any more.
  func abandon() {
    queue.abandon()
    try? finish()
  }

  private final class FirstFailure: Sendable {
    private let state = Mutex<ArchiveError?>(nil)

    func set(_ error: ArchiveError) { state.withLock { if $0 == nil { $0 = error } } }

    var error: ArchiveError? { state.withLock { $0 } }
  }
}
