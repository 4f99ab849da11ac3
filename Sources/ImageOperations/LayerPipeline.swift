import LayerArchive
import LinuxSystem
import Model
import StateStore
import Synchronization

/// Unpacks one layer on two threads: this one decompresses, the other digests and unpacks.
struct LayerPipeline {
  let limits: ArchiveLimits

  init(limits: ArchiveLimits = ArchiveLimits()) { self.limits = limits }

  struct Outcome: Sendable {
    var diffID: Digest
    var summary: LayerUnpacker.Summary
    /// Bytes of the uncompressed tar.
    var tarSize: Int64
  }

  /// Reads `source` to its end, whatever follows the archive.
  func unpack(_ source: any ByteSource, into directory: String) throws(ArchiveError) -> Outcome {
    let queue = QueueSource()
    let box = ResultBox()
    let limits = self.limits
    let canMakeDevices = CurrentProcess.effectiveUser == 0 && UserDirectories.isInitialNamespace()
    let thread: WorkerThread
    do throws(SystemError) {
      thread = try WorkerThread {
        do throws(ArchiveError) {
          let hasher = Hasher()
          let reader = TarReader(HashingSource(queue, into: hasher), limits: limits)
          let unpacker = try LayerUnpacker(into: directory, canMakeDevices: canMakeDevices)
          let summary = try unpacker.unpack(reader)
          try reader.drain()
          let size = hasher.count
          box.set(
            .success(Outcome(diffID: hasher.finish(), summary: summary, tarSize: size)))
        } catch {
          queue.abandon()
          box.set(.failure(error))
        }
      }
    } catch {
      throw .system(error)
    }
    feed(source, into: queue)
    thread.join()
    return try box.take()
  }

  private func feed(_ source: any ByteSource, into queue: QueueSource) {
    do throws(ArchiveError) {
      let decompressor = Decompressor(source)
      var produced: Int64 = 0
      while let bytes = try decompressor.next() {
        produced += Int64(bytes.count)
        if produced > limits.ratioFloor, produced / limits.ratio > decompressor.consumed {
          throw .tooMuch("it grows more than \(limits.ratio) times when decompressed")
        }
        guard queue.push(bytes) else { return }
      }
      // Some filters stop before the end of their input; its digest covers all of it.
      while try source.next() != nil {}
      queue.finish()
    } catch {
      queue.finish(error)
    }
  }

  /// One result handed from thread to thread.
  private final class ResultBox: Sendable {
    private let result = Mutex<Result<Outcome, ArchiveError>?>(nil)

    func set(_ value: Result<Outcome, ArchiveError>) { result.withLock { $0 = value } }

    func take() throws(ArchiveError) -> Outcome {
      guard let value = result.withLock({ $0 }) else {
        preconditionFailure("the thread sets it on every way to its end")
      }
      return try value.get()
    }
  }
}
