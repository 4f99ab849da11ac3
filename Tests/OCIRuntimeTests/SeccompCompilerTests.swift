import LinuxSystem
import OCISpec
import Testing

@testable import OCIRuntime

@Suite struct SeccompCompilerTests {
  struct Call: Sendable {
    var architecture: UInt32
    var number: UInt32
    var arguments: [UInt64] = [0, 0, 0, 0, 0, 0]
  }

  static let x86_64: UInt32 = 0xC000_003E
  static let i386: UInt32 = 0x4000_0003

  /// Debian's containers-common profile as the runtime would get it from podman.
  private func reference(_ capabilities: Set<String>) throws -> RuntimeSeccomp {
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
      let theirs = try SeccompCompiler.compile(reference(Set(capabilities)))
      for architecture in [Self.x86_64, Self.i386] {
        for number in UInt32(0)...448 {
          if Self.exceptions[architecture]?.contains(number) == true { continue }
          for arguments in Self.interesting {
            let call = Call(architecture: architecture, number: number, arguments: arguments)
            let answers = (try run(ours, call), try run(theirs, call))
            #expect(answers.0 == answers.1, "call \(number) of \(architecture) \(arguments)")
          }
        }
      }
    #endif
  }

  private static let interesting: [[UInt64]] = [
    [0, 0, 0, 0, 0, 0], [16, 3, 9, 0, 0, 0], [2, 1, 9, 0, 0, 0], [16, 3, 0, 0, 0, 0],
    [8, 0, 0, 0, 0, 0], [0x20000, 0, 0, 0, 0, 0], [0xFFFF_FFFF, 0, 0, 0, 0, 0],
    [0x7E02_0000, 0, 0, 0, 0, 0],
  ]

  @Test func keyctlIsRefused() throws {
    #if arch(x86_64)
      let program = try SeccompCompiler.compile(DefaultSeccompProfile.make(capabilities: []))
      #expect(try run(program, Call(architecture: Self.x86_64, number: 250)) == 0x0005_0001)
      #expect(try run(program, Call(architecture: Self.x86_64, number: 425)) == 0x0005_0026)
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
      let call = Call(
        architecture: Self.x86_64, number: 62, arguments: [0, given, 0, 0, 0, 0])
      #expect(
        try run(SeccompCompiler.compile(profile), call) == (matches ? 0x0005_000D : 0x7FFF_0000))
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

  struct BadProgram: Error {}

  /// Classic BPF, as much of it as libseccomp uses (struct seccomp_data: nr, arch, ip, args).
  private func run(_ code: [UInt8], _ call: Call) throws -> UInt32 {
    var accumulator: UInt32 = 0
    var at = 0
    while at * 8 + 8 <= code.count {
      let bytes = Array(code[(at * 8)..<(at * 8 + 8)])
      let k = bytes[4...].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      let (yes, no) = (Int(bytes[2]), Int(bytes[3]))
      at += 1
      switch UInt16(bytes[0]) | UInt16(bytes[1]) << 8 {
      case 0x20: accumulator = try word(k, call)
      case 0x15: at += accumulator == k ? yes : no
      case 0x25: at += accumulator > k ? yes : no
      case 0x35: at += accumulator >= k ? yes : no
      case 0x05: at += Int(k)
      case 0x54: accumulator &= k
      case 0x06: return k
      default: throw BadProgram()
      }
    }
    throw BadProgram()
  }

  private func word(_ offset: UInt32, _ call: Call) throws -> UInt32 {
    switch offset {
    case 0: return call.number
    case 4: return call.architecture
    case 16..<64:
      let argument = call.arguments[Int(offset - 16) / 8]
      return UInt32(truncatingIfNeeded: offset % 8 == 0 ? argument : argument >> 32)
    default: throw BadProgram()
    }
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
