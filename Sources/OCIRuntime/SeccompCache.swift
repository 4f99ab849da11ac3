import LinuxSystem

/// Compiled filters by profile: compiling the default one costs milliseconds, reading it back
/// microseconds.
///
/// An entry holds the whole profile beside the filter, so a name that collides is a miss, never a
/// weaker filter. The directory and the entry must be the caller's own.
struct SeccompCache: Sendable {
  /// Nil: nothing is cached.
  let directory: String?

  /// Changes when the compiler or the entry's form does.
  private static let version = Array("martlet seccomp 3\n".utf8)

  func find(_ key: [UInt8]) -> [UInt8]? {
    guard let path = path(for: key) else { return nil }
    // Missing, unreadable or foreign: compiled anew.
    guard let file = try? OwnedDescriptor.open(path, [.noFollow]),
      let status = try? FileStatus.of(descriptor: file.raw), status.kind == .regular,
      status.uid == CurrentProcess.effectiveUser, status.permissions & 0o022 == 0,
      let bytes = try? Descriptor.readAll(file.raw, limit: 1 << 22)
    else { return nil }
    let head = Self.version.count + key.count
    guard bytes.count > head, bytes[..<Self.version.count].elementsEqual(Self.version),
      bytes[Self.version.count..<head].elementsEqual(key), (bytes.count - head) % 8 == 0
    else { return nil }
    return Array(bytes[head...])
  }

  /// Best effort: without a cache containers only start slower.
  func store(_ instructions: [UInt8], for key: [UInt8]) {
    guard let directory, let path = path(for: key) else { return }
    do throws(SystemError) {
      try FileTree.ensureDirectory(directory)
      let temporary = "\(path).\(CurrentProcess.id)"
      let file = try OwnedDescriptor.open(
        temporary, [.writeOnly, .create, .exclusive], mode: 0o600)
      try Descriptor.writeAll(file.raw, Self.version + key + instructions)
      try FileTree.rename(temporary, to: path)
    } catch {}
  }

  private func path(for key: [UInt8]) -> String? {
    guard let directory else { return nil }
    guard let status = try? FileStatus.find(directory) else {
      return "\(directory)/\(name(for: key))"
    }
    guard status.kind == .directory, status.uid == CurrentProcess.effectiveUser,
      status.permissions & 0o022 == 0
    else { return nil }
    return "\(directory)/\(name(for: key))"
  }

  /// FNV-1a, 64 bits: a name, not a proof.
  private func name(for key: [UInt8]) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in key { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return "\(String(hash, radix: 16)).bpf"
  }
}
