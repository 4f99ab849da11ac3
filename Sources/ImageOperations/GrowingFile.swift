import LayerArchive
import LinuxSystem
import Model

/// How far a file has grown, told by its writer to its reader without ever waiting for him.
///
/// A slow reader must not hold up a download: what the kernel had received for us, a killed
/// process would have to fetch again.
final class FileGrowth: Sendable {
  fileprivate enum Mark: Sendable {
    case available(Int64)
    case failed(ArchiveError)
  }

  fileprivate let marks = BoundedQueue<Mark>(capacity: 1)

  /// So many bytes are in the file.
  func reach(_ size: Int64) { marks.offer(.available(size)) }

  /// The file is whole, or the reader is to fail.
  func finish(_ error: ArchiveError? = nil) {
    if let error { marks.offer(.failed(error)) }
    marks.finish()
  }

  /// The reader wants no more.
  func abandon() { marks.abandon() }
}

/// Reads a file while it grows.
final class GrowingFile: ByteSource {
  private let file: OwnedDescriptor
  private let growth: FileGrowth
  private var offset: Int64 = 0
  private var available: Int64 = 0

  init(_ path: String, _ growth: FileGrowth) throws {
    file = try OwnedDescriptor.open(path, [.readWrite, .create])
    self.growth = growth
  }

  func next() throws(ArchiveError) -> [UInt8]? {
    while offset >= available {
      switch growth.marks.pop() {
      case nil: return nil
      case .available(let size)?: available = size
      case .failed(let error)?: throw error
      }
    }
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try Descriptor.read(file.raw, upTo: Int(min(available - offset, 1 << 18)))
    } catch {
      throw .system(error)
    }
    // The writer has taken back what it wrote.
    if bytes.isEmpty { throw .truncated }
    offset += Int64(bytes.count)
    return bytes
  }
}
