import CLinux
import Glibc

/// A container's root, held by descriptor: every path is resolved inside it, links included
/// (openat2(2), RESOLVE_IN_ROOT), so nothing in the tree can lead out of it.
public struct RootDirectory: ~Copyable, Sendable {
  public let descriptor: OwnedDescriptor

  public init(_ path: String) throws(SystemError) {
    descriptor = try OwnedDescriptor.open(path, [.path, .directory])
  }

  public init(owning descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor }

  /// Opens `path` as a process inside the root would, except that magic links are refused.
  public func open(
    _ path: String, _ flags: OwnedDescriptor.OpenFlags = .readOnly, mode: UInt32 = 0
  ) throws(SystemError) -> OwnedDescriptor {
    // openat2(2) refuses what open(2) ignores: O_PATH takes no O_NOCTTY.
    let quiet = flags.contains(.path) ? 0 : O_NOCTTY
    let how = UInt64(UInt32(bitPattern: flags.rawValue | O_CLOEXEC | quiet))
    let resolve = UInt64(CLINUX_RESOLVE_IN_ROOT | CLINUX_RESOLVE_NO_MAGICLINKS)
    return OwnedDescriptor(
      owning: try check(
        unsafe clinux_openat2(
          descriptor.raw, path, how, flags.contains(.create) ? UInt64(mode) : 0, resolve),
        "openat2", path))
  }

  /// A small regular file's content, or nil when it is missing, not a regular file, or larger than
  /// `limit` (CVE-2024-9676: passwd may be a link, a FIFO or huge).
  public func readSmallText(_ path: String, limit: Int = 1 << 20) throws(SystemError) -> String? {
    do throws(SystemError) {
      let file = try open(path, [.nonBlocking])
      let status = try FileStatus.of(descriptor: file.raw)
      guard status.kind == .regular, status.size <= Int64(limit) else { return nil }
      return String(decoding: try Descriptor.readAll(file.raw, limit: limit), as: UTF8.self)
    } catch {
      if [ENOENT, ENOTDIR, ELOOP, EACCES, ENXIO, EFBIG].contains(error.errno) { return nil }
      throw error
    }
  }

  /// Opens the directory at `path`, making what is missing one step at a time, each step resolved
  /// inside the root.
  public func ensureDirectory(_ path: String, mode: UInt32 = 0o755) throws(SystemError)
    -> OwnedDescriptor
  {
    var sofar = ""
    for part in path.split(separator: "/") where part != "." {
      if part == ".." {
        sofar += "/.."
        continue
      }
      let next = sofar + "/" + String(part)
      do throws(SystemError) {
        _ = try open(next, [.path, .directory])
      } catch {
        guard error.errno == ENOENT else { throw error }
        let parent = try open(sofar.isEmpty ? "/" : sofar, [.path, .directory])
        let made = unsafe mkdirat(parent.raw, String(part), mode)
        if made < 0 && errno != EEXIST { throw SystemError("mkdir", next, errno: errno) }
      }
      sofar = next
    }
    return try open(sofar.isEmpty ? "/" : sofar, [.path, .directory])
  }
}
