import LinuxSystem

/// A /proc that only this process sees, so that nothing a container mounted can stand in for it
/// (CVE-2019-19921, CVE-2025-52881).
struct ProcessFiles: ~Copyable {
  private let root: OwnedDescriptor

  init() throws(RuntimeError) {
    root = try during("open /proc") { () throws(SystemError) in
      do throws(SystemError) {
        return try MountCall.makeFilesystem("proc")
      } catch {
        // A user namespace whose /proc is partly hidden may not mount another.
        let shared = try OwnedDescriptor.open("/proc", [.path, .directory])
        guard try MountCall.filesystemMagic(shared.raw) == MountCall.Magic.proc else {
          throw error
        }
        return shared
      }
    }
  }

  /// Writes one of its files, such as `sys/net/ipv4/ip_forward`; links and other mounts are
  /// refused.
  func write(_ path: String, _ text: String) throws(SystemError) {
    let file = try RootDirectory.openPlain(path, .writeOnly, in: root.raw)
    guard try MountCall.filesystemMagic(file.raw) == MountCall.Magic.proc else {
      throw SystemError("check", "/proc/\(path)", errno: Errno.notPermitted)
    }
    do throws(SystemError) {
      try Descriptor.writeAll(file.raw, text)
    } catch { throw SystemError("write", "/proc/\(path)", errno: error.errno) }
  }
}
