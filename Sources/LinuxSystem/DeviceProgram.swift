import CLinux
import Glibc

/// A program that decides over device access in a cgroup (bpf(2), BPF_PROG_TYPE_CGROUP_DEVICE).
public struct DeviceProgram: ~Copyable, Sendable {
  private let descriptor: OwnedDescriptor

  /// Loads an array of struct bpf_insn, 8 bytes each.
  public init(_ instructions: [UInt8]) throws(SystemError) {
    let license = Array("Apache-2.0".utf8) + [0]
    let fd = unsafe instructions.withUnsafeBytes { code in
      unsafe license.withUnsafeBytes { license in
        let address = { (pointer: UnsafeRawPointer?) in
          UInt64(UInt(bitPattern: pointer))
        }
        // prog_type and insn_cnt, insns, license, log_level and log_size, log_buf, kern_version
        // and prog_flags.
        var attributes: [UInt64] = [
          15 | UInt64(code.count / 8) << 32, unsafe address(code.baseAddress),
          unsafe address(license.baseAddress), 0, 0, 0,
        ]
        return unsafe attributes.withUnsafeMutableBytes {
          unsafe clinux_bpf(5, $0.baseAddress, 48)
        }
      }
    }
    descriptor = OwnedDescriptor(owning: try check(fd, "bpf", "load"))
  }

  /// Adds the program to those of the cgroup (BPF_PROG_ATTACH, BPF_F_ALLOW_MULTI): all must allow.
  public func attach(toCgroup cgroup: Int32) throws(SystemError) {
    // target_fd, attach_bpf_fd, attach_type BPF_CGROUP_DEVICE, attach_flags
    var attributes: [UInt32] = [UInt32(cgroup), UInt32(descriptor.raw), 6, 2]
    try check(
      unsafe attributes.withUnsafeMutableBytes {
        unsafe clinux_bpf(8, $0.baseAddress, 16)
      }, "bpf", "attach")
  }

  /// The ids of the programs that are attached to the cgroup itself (BPF_PROG_QUERY).
  public static func attached(toCgroup cgroup: Int32) throws(SystemError) -> [UInt32] {
    var ids = [UInt32](repeating: 0, count: 64)
    var count: UInt32 = 0
    let result = unsafe ids.withUnsafeMutableBytes { room in
      let address = UInt64(UInt(bitPattern: room.baseAddress))
      // target_fd and attach_type; query_flags and attach_flags; prog_ids; prog_count.
      var attributes: [UInt64] = [UInt64(UInt32(cgroup)) | 6 << 32, 0, address, 64]
      let result = unsafe attributes.withUnsafeMutableBytes {
        unsafe clinux_bpf(16, $0.baseAddress, 32)
      }
      count = UInt32(truncatingIfNeeded: attributes[3])
      return result
    }
    try check(result, "bpf", "query")
    return Array(ids.prefix(Int(min(count, 64))))
  }

  /// Takes the program with this id off the cgroup (BPF_PROG_GET_FD_BY_ID, BPF_PROG_DETACH).
  public static func detach(_ id: UInt32, fromCgroup cgroup: Int32) throws(SystemError) {
    var named: [UInt32] = [id, 0, 0, 0]
    let program = OwnedDescriptor(
      owning: try check(
        unsafe named.withUnsafeMutableBytes { unsafe clinux_bpf(13, $0.baseAddress, 16) },
        "bpf", "open program \(id)"))
    var attributes: [UInt32] = [UInt32(cgroup), UInt32(program.raw), 6, 0]
    try check(
      unsafe attributes.withUnsafeMutableBytes { unsafe clinux_bpf(9, $0.baseAddress, 16) },
      "bpf", "detach")
  }
}
