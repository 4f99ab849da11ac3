/// What trees occupy on disk, as du(1) counts it: allocated blocks, a file with several names once.
///
/// Other filesystems mounted below a tree do not count. What vanishes meanwhile is left out.
public struct DiskUsage {
  private struct Identity: Hashable {
    let device: UInt64
    let inode: UInt64
  }

  private var seen: Set<Identity> = []

  public init() {}

  /// The bytes of a tree; files that an earlier call has counted are not counted again.
  ///
  /// - Returns: nil when there is nothing at `path`.
  public mutating func add(_ path: String) throws(SystemError) -> Int64? {
    guard let status = try FileStatus.find(path) else { return nil }
    var total = count(status)
    guard status.kind == .directory else { return total }
    do throws(SystemError) {
      total += try addEntries(of: try DirectoryHandle(path), device: status.device)
    } catch {
      guard error.errno == Errno.noEntry else { throw error }
    }
    return total
  }

  private mutating func addEntries(of directory: borrowing DirectoryHandle, device: UInt64)
    throws(SystemError) -> Int64
  {
    var total: Int64 = 0
    for name in try directory.names() {
      guard let status = try directory.find(name), status.device == device else { continue }
      total += count(status)
      guard status.kind == .directory else { continue }
      do throws(SystemError) {
        total += try addEntries(of: try directory.openDirectory(name), device: device)
      } catch {
        guard error.errno == Errno.noEntry else { throw error }
      }
    }
    return total
  }

  private mutating func count(_ status: FileStatus) -> Int64 {
    if status.links > 1, status.kind != .directory {
      let identity = Identity(device: status.device, inode: status.inode)
      guard seen.insert(identity).inserted else { return 0 }
    }
    return status.allocated
  }
}
