import OCISpec
import TestSupport
import Testing

@testable import OCIRuntime

/// Each test asks the emulator of `FilterCall` about both filters: it knows nothing of the way in
/// which one is made from the other.
@Suite struct FilterCompactionTests {
  private static let architectures = [FilterCall.x86_64, FilterCall.i386, 0xC000_00B7, 0, .max]
  private static let numbers =
    Array(UInt32(0)...470) + [1_000, 1_023, 1_024]
    + [0, 1, 2, 13, 62, 101, 334, 335, 424, 512, 520, 547, 548, 600].map { 0x4000_0000 + $0 }
    + [0x3FFF_FFFF, 0x7FFF_FFFF, 0x8000_0000, .max - 1, .max]

  private func expectSame(
    _ old: [UInt8], _ new: [UInt8], arguments: [[UInt64]], _ comment: Comment = ""
  ) throws {
    for architecture in Self.architectures {
      for number in Self.numbers {
        for arguments in arguments {
          let call = FilterCall(architecture, number, arguments)
          let answers = (try call.answer(of: old), try call.answer(of: new))
          guard answers.0 == answers.1 else {
            Issue.record("\(call): \(answers), \(comment)")
            return
          }
        }
      }
    }
  }

  @Test(arguments: [
    [], ["CAP_SYS_ADMIN", "CAP_AUDIT_WRITE"], ["CAP_SYS_CHROOT", "CAP_SYS_PTRACE"],
  ])
  func theDefaultProfileAnswersTheSame(capabilities: [String]) throws {
    let profile = DefaultSeccompProfile.make(capabilities: Set(capabilities))
    let old = try SeccompCompiler.compile(profile)
    let new = FilterCompaction.compact(old)
    #expect(new.count * 2 < old.count, "\(old.count / 8) -> \(new.count / 8)")
    try expectSame(old, new, arguments: FilterCall.interestingArguments)
    #expect(FilterCompaction.compact(new).count <= new.count)
  }

  private static let names = [
    "read", "write", "open", "close", "stat", "kill", "clone", "clone3", "socket", "personality",
    "mount", "umount2", "ptrace", "bpf", "keyctl", "ioctl", "prctl", "futex", "chmod", "fchmodat",
    "openat2", "setns", "unshare", "reboot", "execve", "exit", "getpid", "mmap", "brk", "ipc",
  ]
  private static let actions = [
    "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_LOG", "SCMP_ACT_TRAP",
  ]
  private static let comparisons = [
    "SCMP_CMP_EQ", "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_GT", "SCMP_CMP_GE",
    "SCMP_CMP_MASKED_EQ",
  ]

  private func profile(_ random: inout Moments) -> RuntimeSeccomp {
    func one<T>(_ list: [T]) -> T { list[Int.random(in: 0..<list.count, using: &random)] }
    var profile = RuntimeSeccomp(
      defaultAction: one(Self.actions),
      architectures: one([
        [], ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"], ["SCMP_ARCH_X86_64"],
      ]))
    for _ in 0..<Int.random(in: 0..<12, using: &random) {
      var rule = RuntimeSyscallRule(
        (0...Int.random(in: 0..<9, using: &random)).map { _ in one(Self.names) },
        action: one(Self.actions),
        errnoRet: nil)
      if Int.random(in: 0..<2, using: &random) == 0 {
        rule.args = [
          RuntimeSyscallArgument(
            index: UInt32(Int.random(in: 0..<3, using: &random)),
            value: UInt64(Int.random(in: 0..<20, using: &random)),
            valueTwo: UInt64(Int.random(in: 0..<20, using: &random)), op: one(Self.comparisons))
        ]
      }
      profile.syscalls.append(rule)
    }
    return profile
  }

  @Test func randomProfilesAnswerTheSame() throws {
    var random = Moments("random profiles")
    for round in 0..<25 {
      let profile = profile(&random)
      // Rules that contradict one another are refused.
      guard let old = try? SeccompCompiler.compile(profile) else { continue }
      let new = try #require(FilterCompaction.rewritten(old))
      let arguments = (0..<2).map { _ in
        (0..<6).map { _ in UInt64(Int.random(in: 0..<24, using: &random)) }
      }
      try expectSame(old, new, arguments: arguments, "round \(round): \(profile)")
    }
  }

  /// A search tree whose branches are longer than a comparison can jump.
  @Test func reachesFarAnswers() throws {
    var program = [FilterInstruction(FilterInstruction.load, FilterInstruction.number)]
    for number in stride(from: UInt32(0), to: 1_000, by: 2) {
      program.append(FilterInstruction(FilterInstruction.ifEqual, number, whenFalse: 1))
      program.append(FilterInstruction(FilterInstruction.end, 0x0005_0000 | number))
    }
    program.append(FilterInstruction(FilterInstruction.end, 0x7FFF_0000))
    let old = program.flatMap(\.bytes)
    let new = try #require(FilterCompaction.rewritten(old))
    for number in [UInt32(0), 1, 2, 254, 255, 256, 257, 499, 500, 511, 512, 998, 999, 1_000, .max] {
      let call = FilterCall(FilterCall.x86_64, number)
      #expect(try call.answer(of: new) == call.answer(of: old))
    }
  }

  private static let others: [[FilterInstruction]] = [
    [],
    // A look at single bits, which no interval has.
    [
      FilterInstruction(FilterInstruction.load, FilterInstruction.number),
      FilterInstruction(0x45, 1, whenFalse: 1), FilterInstruction(FilterInstruction.end, 1),
      FilterInstruction(FilterInstruction.end, 2),
    ],
    // Arithmetic on the number.
    [
      FilterInstruction(FilterInstruction.load, FilterInstruction.number),
      FilterInstruction(0x54, 3), FilterInstruction(FilterInstruction.ifEqual, 1, whenFalse: 1),
      FilterInstruction(FilterInstruction.end, 1), FilterInstruction(FilterInstruction.end, 2),
    ],
    // Memory of the filter's own.
    [
      FilterInstruction(FilterInstruction.load, 16), FilterInstruction(0x02, 0),
      FilterInstruction(0x60, 0), FilterInstruction(FilterInstruction.end, 1),
    ],
    // A comparison before anything is loaded, and an end that is missing.
    [
      FilterInstruction(FilterInstruction.ifEqual, 0, whenFalse: 1),
      FilterInstruction(FilterInstruction.end, 1), FilterInstruction(FilterInstruction.end, 2),
    ],
    [FilterInstruction(FilterInstruction.load, FilterInstruction.number)],
    [FilterInstruction(FilterInstruction.jump, 5), FilterInstruction(FilterInstruction.end, 1)],
  ]

  @Test(arguments: others.indices) func leavesAnotherFormAlone(index: Int) {
    let bytes = Self.others[index].flatMap(\.bytes)
    #expect(FilterCompaction.rewritten(bytes) == nil)
    #expect(FilterCompaction.compact(bytes) == bytes)
    #expect(FilterCompaction.compact(bytes + [0]) == bytes + [0])
  }
}
