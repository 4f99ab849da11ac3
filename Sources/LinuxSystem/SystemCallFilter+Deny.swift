import CLinux
import Glibc

extension SystemCallFilter {
  /// What a process that only reads bytes of strangers and writes files never needs.
  public enum Denial: Sendable, CaseIterable {
    /// Sockets of any kind.
    case network
    /// Other programs, and other processes' memory.
    case programs
    /// Parts of the kernel with a history: bpf, keys, io_uring, userfaultfd, perf, modules, kexec.
    case exotic

    /// System call numbers of this machine's own architecture (the kernel's syscall tables).
    var numbers: [UInt32] {
      #if arch(x86_64)
        switch self {
        case .network: [41, 42, 43, 44, 45, 46, 47, 49, 50, 53, 288, 299, 307]
        case .programs: [59, 101, 310, 311, 322, 438, 440]
        case .exotic:
          [139, 174, 175, 176, 246, 248, 249, 250, 298, 304, 313, 320, 321, 323, 425, 426, 427]
        }
      #elseif arch(arm64)
        switch self {
        case .network: [198, 199, 200, 201, 202, 203, 206, 207, 211, 212, 242, 243, 269]
        case .programs: [117, 221, 270, 271, 281, 438, 440]
        case .exotic: [104, 105, 106, 217, 218, 219, 241, 265, 273, 280, 282, 294, 425, 426, 427]
        }
      #else
        []
      #endif
    }
  }

  /// Denies system calls to this thread and those it starts: they fail with EPERM.
  ///
  /// Calls of another architecture, or of x32, all fail. Cannot be taken back. Also sets
  /// no_new_privs, without which only root may do this (seccomp(2)).
  public static func deny(_ denials: Set<Denial>) throws(SystemError) {
    let numbers = denials.flatMap(\.numbers).sorted()
    if numbers.isEmpty { return }
    try check(clinux_prctl(38, 1, 0, 0, 0), "prctl PR_SET_NO_NEW_PRIVS")
    try install(program(denying: numbers))
  }

  #if arch(x86_64)
    private static let architecture: UInt32 = 0xC000_003E
    private static let firstForeign: UInt32? = 0x4000_0000
  #else
    private static let architecture: UInt32 = 0xC000_00B7
    private static let firstForeign: UInt32? = nil
  #endif

  /// Classic BPF (Documentation/userspace-api/seccomp_filter.rst): the architecture, then one
  /// comparison for each number.
  static func program(denying numbers: [UInt32]) -> [UInt8] {
    // BPF_LD|BPF_W|BPF_ABS of struct seccomp_data: nr at 0, arch at 4.
    var code: [(code: UInt16, yes: Int, no: Int, value: UInt32)] = []
    let count = numbers.count + (firstForeign == nil ? 0 : 1)
    code.append((0x20, 0, 0, 4))
    code.append((0x15, 0, count + 2, architecture))
    code.append((0x20, 0, 0, 0))
    if let firstForeign { code.append((0x35, numbers.count + 1, 0, firstForeign)) }
    for (index, number) in numbers.enumerated() {
      code.append((0x15, numbers.count - index, 0, number))
    }
    // SECCOMP_RET_ALLOW, then SECCOMP_RET_ERRNO with EPERM.
    code.append((0x06, 0, 0, 0x7FFF_0000))
    code.append((0x06, 0, 0, 0x0005_0000 | UInt32(EPERM)))
    var bytes: [UInt8] = []
    for line in code {
      bytes += [UInt8(line.code & 0xFF), UInt8(line.code >> 8), UInt8(line.yes), UInt8(line.no)]
      for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8((line.value >> shift) & 0xFF)) }
    }
    return bytes
  }
}
