import LinuxSystem

/// What stands before a filter so that system calls newer than its profile fail with ENOSYS.
///
/// Programs try the newest call and fall back on ENOSYS alone; a profile cannot name what came after
/// it, and its default error is for calls that somebody thought about. Newer are those with a number
/// above the largest that the profile names for the architecture (struct sock_filter[]; bpf(2),
/// linux/seccomp.h).
struct SeccompStub: Equatable, Sendable {
  /// The largest numbers by AUDIT_ARCH_*.
  struct Limits: Equatable, Sendable {
    var plain: UInt32?
    /// Of x32, which shares its architecture with x86_64; with the bit that marks its numbers.
    var marked: UInt32?
  }

  /// The bit that marks the system calls of x32.
  static let mark: UInt32 = 0x4000_0000
  private static let s390: Set<UInt32> = [0x16, 0x8000_0016]

  var limits: [UInt32: Limits] = [:]

  /// Whether a profile with this default gets one: one that lets pass what it does not name, or
  /// asks for ENOSYS by itself, needs none.
  static func isNeeded(defaultAction: String, errno: UInt32?) -> Bool {
    switch defaultAction {
    case "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE": false
    case "SCMP_ACT_ERRNO": errno != UInt32(Errno.notImplemented)
    default: true
    }
  }

  /// The instructions; the filter follows them.
  var instructions: [UInt8] {
    var sections: [[FilterInstruction]] = []
    for (architecture, limits) in limits.sorted(by: { $0.key < $1.key }) {
      let body = body(architecture, limits)
      sections.append(
        [FilterInstruction(FilterInstruction.ifEqual, architecture, whenFalse: UInt8(body.count))]
          + body)
    }
    var left = sections.reduce(0) { $0 + $1.count }
    var program = [
      FilterInstruction(FilterInstruction.load, FilterInstruction.architecture)
    ]
    for section in sections {
      program += section.dropLast()
      left -= section.count
      program.append(FilterInstruction(FilterInstruction.jump, UInt32(left)))
    }
    return program.flatMap(\.bytes)
  }

  /// Ends in the jump to the filter.
  private func body(_ architecture: UInt32, _ limits: Limits) -> [FilterInstruction] {
    let refuse = FilterInstruction(
      FilterInstruction.end, 0x0005_0000 | UInt32(Errno.notImplemented))
    var body = [FilterInstruction(FilterInstruction.load, FilterInstruction.number)]
    if Self.s390.contains(architecture) {
      // A number that the kernel does not know arrives as 0.
      body += [FilterInstruction(FilterInstruction.ifEqual, 0, whenFalse: 1), refuse]
    }
    if let marked = limits.marked {
      body += [
        FilterInstruction(FilterInstruction.ifGreaterOrEqual, Self.mark, whenTrue: 1),
        FilterInstruction(
          FilterInstruction.ifGreater, limits.plain ?? .max, whenTrue: 1, whenFalse: 2),
        FilterInstruction(FilterInstruction.ifGreater, marked, whenFalse: 1),
      ]
    } else {
      body.append(
        FilterInstruction(FilterInstruction.ifGreater, limits.plain ?? .max, whenFalse: 1))
    }
    return body + [refuse, FilterInstruction(FilterInstruction.jump, 0)]
  }
}
