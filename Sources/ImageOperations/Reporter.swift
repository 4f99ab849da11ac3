import FoundationEssentials
import ImageStore
import LinuxSystem
import Model
import Synchronization

/// Writes events, one line each, from any thread.
final class Reporter: Sendable {
  private let descriptor: Int32
  /// When each id was last told, in nanoseconds; also what keeps lines apart.
  private let told = Mutex<[String: Int64]>([:])

  /// Time between two tellings of the same progress.
  private static let interval: Int64 = 100_000_000

  init(_ descriptor: Int32 = HelperRequest.eventDescriptor) { self.descriptor = descriptor }

  func progress(
    _ id: String, _ status: HelperEvent.Progress.Status, _ current: Int64? = nil,
    of total: Int64? = nil
  ) {
    let event = HelperEvent(
      progress: HelperEvent.Progress(id: id, status: status, current: current, total: total))
    told.withLock { told in
      let now = Clock.monotonic()
      let isStep = status == .downloading || status == .extracting || status == .copying
      if isStep, let last = told["\(id) \(status)"], now - last < Self.interval { return }
      told["\(id) \(status)"] = now
      write(event)
    }
  }

  func warn(_ text: String) { told.withLock { _ in write(HelperEvent(warning: text)) } }

  func finish(_ result: HelperEvent.Result) {
    told.withLock { _ in write(HelperEvent(result: result)) }
  }

  func fail(_ report: ErrorReport) {
    told.withLock { _ in write(HelperEvent(error: HelperEvent.Failure(report))) }
  }

  private func write(_ event: HelperEvent) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(event) else { return }
    // Whoever asked may be gone; the store is what counts, and the exit status tells the rest.
    try? Descriptor.writeAll(descriptor, Array(data) + [0x0A])
  }
}
