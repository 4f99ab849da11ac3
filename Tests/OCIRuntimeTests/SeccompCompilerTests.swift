import LinuxSystem
import OCISpec
import Testing

@testable import OCIRuntime

@Suite struct SeccompCompilerTests {
  private static let x86_64 = FilterCall.x86_64
  private static let i386 = FilterCall.i386

  /// Debian's containers-common profile as the runtime would get it from podman.
  private static func reference(_ capabilities: Set<String>) throws -> RuntimeSeccomp {
    let bytes = try FileTree.read("/usr/share/containers/seccomp.json")
    guard case .object(let document) = try JSONValue(parsing: bytes),
      case .array(let rules)? = document.find("syscalls")
    else { throw SpecError("not a profile") }
    var profile = RuntimeSeccomp(
      defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 38,
      architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"])
    for rule in rules {
      guard case .object(let members) = rule else { continue }
      let includes = Condition(members.find("includes"))
      let excludes = Condition(members.find("excludes"))
      guard includes.capabilities.isSubset(of: capabilities),
        includes.architectures.isEmpty || includes.architectures.contains("amd64"),
        excludes.capabilities.isEmpty || excludes.capabilities.isDisjoint(with: capabilities)
      else { continue }
      profile.syscalls.append(try RuntimeSyscallRule.decode(rule))
    }
    return profile
  }

  private struct Condition {
    var capabilities: Set<String> = []
    var architectures: Set<String> = []

    init(_ value: JSONValue?) {
      guard case .object(let members)? = value else { return }
      capabilities = Self.names(members.find("caps"))
      architectures = Self.names(members.find("arches"))
    }

    static func names(_ value: JSONValue?) -> Set<String> {
      guard case .array(let values)? = value else { return [] }
      return Set(values.compactMap { if case .string(let name) = $0 { name } else { nil } })
    }
  }

  /// Numbers that the two answer differently on purpose: keyctl, and calls newer than that file.
  private static let exceptions: [UInt32: Set<UInt32>] = [
    x86_64: [250, 248, 249], i386: [288, 286, 287],
  ]

  @Test(
    .enabled(if: FileTree.exists("/usr/share/containers/seccomp.json"), "containers-common"),
    arguments: [[], ["CAP_SYS_ADMIN", "CAP_AUDIT_WRITE"], ["CAP_SYS_CHROOT", "CAP_SYS_PTRACE"]])
  func answersAsTheDistributionsProfile(capabilities: [String]) throws {
    #if arch(x86_64)
      let ours = try SeccompCompiler.compile(
        DefaultSeccompProfile.make(capabilities: Set(capabilities), machine: "x86_64"))
      let theirs = try SeccompCompiler.compile(Self.reference(Set(capabilities)))
      for architecture in [Self.x86_64, Self.i386] {
        for number in UInt32(0)...448 {
          if Self.exceptions[architecture]?.contains(number) == true { continue }
          for arguments in FilterCall.interestingArguments {
            let call = FilterCall(architecture, number, arguments)
            let answers = (try call.answer(of: ours), try call.answer(of: theirs))
            #expect(answers.0 == answers.1, "call \(number) of \(architecture) \(arguments)")
          }
        }
      }
    #endif
  }

  @Test func keyctlIsRefused() throws {
    #if arch(x86_64)
      let program = try SeccompCompiler.compile(DefaultSeccompProfile.make(capabilities: []))
      #expect(try FilterCall(Self.x86_64, 250).answer(of: program) == 0x0005_0001)
      #expect(try FilterCall(Self.x86_64, 425).answer(of: program) == 0x0005_0026)
    #endif
  }

  @Test(arguments: [
    ("SCMP_CMP_EQ", UInt64(5), nil as UInt64?, UInt64(5), true), ("SCMP_CMP_EQ", 5, nil, 6, false),
    ("SCMP_CMP_NE", 5, nil, 6, true), ("SCMP_CMP_LT", 5, nil, 4, true),
    ("SCMP_CMP_GE", 5, nil, 1 << 40, true), ("SCMP_CMP_LE", 5, nil, 1 << 40, false),
    ("SCMP_CMP_MASKED_EQ", 0xF0, 0x10, 0x1F, true), ("SCMP_CMP_MASKED_EQ", 0xF0, 0x10, 0x2F, false),
  ])
  func comparesArguments(op: String, value: UInt64, two: UInt64?, given: UInt64, matches: Bool)
    throws
  {
    #if arch(x86_64)
      let rule = RuntimeSyscallRule(
        ["kill"], action: "SCMP_ACT_ERRNO", errnoRet: 13,
        args: [RuntimeSyscallArgument(index: 1, value: value, valueTwo: two, op: op)])
      let profile = RuntimeSeccomp(defaultAction: "SCMP_ACT_ALLOW", syscalls: [rule])
      let call = FilterCall(Self.x86_64, 62, [0, given, 0, 0, 0, 0])
      #expect(
        try call.answer(of: SeccompCompiler.compile(profile))
          == (matches ? 0x0005_000D : 0x7FFF_0000))
    #endif
  }

  /// pidfd_open(2) is 434 everywhere, openat2(2) 437.
  @Test(arguments: [
    ("SCMP_ACT_ERRNO", nil as UInt32?, 0x0005_0001 as UInt32, 0x0005_0026 as UInt32),
    ("SCMP_ACT_ERRNO", 6, 0x0005_0006, 0x0005_0026), ("SCMP_ACT_KILL", nil, 0, 0x0005_0026),
    ("SCMP_ACT_ERRNO", 38, 0x0005_0026, 0x0005_0026),
    ("SCMP_ACT_LOG", nil, 0x7FFC_0000, 0x7FFC_0000),
  ])
  func callsNewerThanTheProfileDoNotExist(
    action: String, errno: UInt32?, below: UInt32, above: UInt32
  ) throws {
    #if arch(x86_64)
      let rule = RuntimeSyscallRule(["read", "pidfd_open"], action: "SCMP_ACT_ALLOW")
      let program = try SeccompCompiler.compile(
        RuntimeSeccomp(
          defaultAction: action, defaultErrnoRet: errno,
          architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
          syscalls: [rule]))
      let rewritten = try #require(FilterCompaction.rewritten(program))
      let mark = SeccompStub.mark
      for (architecture, bit) in [(Self.x86_64, 0 as UInt32), (Self.i386, 0), (Self.x86_64, mark)] {
        for (number, answer) in [
          (434 as UInt32, 0x7FFF_0000 as UInt32), (433, below), (435, above), (1_000, above),
        ] {
          let call = FilterCall(architecture, number | bit)
          #expect(try call.answer(of: program) == answer, "\(call)")
          #expect(try call.answer(of: rewritten) == answer, "\(call)")
        }
      }
    #endif
  }

  static let wrong: [(field: String, profile: RuntimeSeccomp)] = [
    ("linux.seccomp.defaultAction", RuntimeSeccomp(defaultAction: "SCMP_ACT_X")),
    (
      "linux.seccomp.architectures[0]",
      RuntimeSeccomp(defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_PDP11"])
    ),
    (
      "linux.seccomp.syscalls[0].args[0].op",
      RuntimeSeccomp(
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [
          RuntimeSyscallRule(
            ["kill"], action: "SCMP_ACT_ERRNO",
            args: [RuntimeSyscallArgument(index: 0, value: 0, op: "==")])
        ])
    ),
    (
      "linux.seccomp.syscalls[0].names",
      RuntimeSeccomp(
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [RuntimeSyscallRule([], action: "SCMP_ACT_ERRNO")])
    ),
  ]

  @Test(arguments: wrong.indices) func namesTheFieldThatIsWrong(index: Int) {
    let error = #expect(throws: RuntimeError.self) {
      try SeccompCompiler.compile(Self.wrong[index].profile)
    }
    guard case .unusable(let field, _)? = error else {
      Issue.record("unexpected \(String(describing: error))")
      return
    }
    #expect(field == Self.wrong[index].field)
  }
}

@Suite struct SeccompCacheTests {
  @Test func keepsOnlyWhatItCanTrust() throws {
    let directory = "/tmp/martlet-seccomp-\(CurrentProcess.id)-\(Clock.monotonic())"
    defer { try? FileTree.removeTree(directory) }
    let cache = SeccompCache(directory: directory)
    let (key, program) = (Array("profile".utf8), [UInt8](repeating: 6, count: 16))
    #expect(cache.find(key) == nil)
    cache.store(program, for: key)
    #expect(cache.find(key) == program)
    #expect(cache.find(Array("other".utf8)) == nil)
    let entry = "\(directory)/\(try FileTree.list(directory)[0])"
    try FileTree.setMode(entry, 0o666)
    #expect(cache.find(key) == nil)
    try FileTree.setMode(entry, 0o600)
    #expect(cache.find(key) == program)
    try FileTree.setMode(directory, 0o777)
    #expect(cache.find(key) == nil)
  }
}
