import CSeccomp
import LinuxSystem
import OCISpec

/// Compiles a profile with libseccomp.
enum SeccompCompiler {
  static func compile(_ profile: RuntimeSeccomp) throws(RuntimeError) -> [UInt8] {
    let action = try action(
      profile.defaultAction, profile.defaultErrnoRet, "linux.seccomp.defaultAction")
    guard let context = unsafe seccomp_init(action) else {
      throw .unusable(field: "linux.seccomp.defaultAction", "libseccomp refused it")
    }
    defer { unsafe seccomp_release(context) }
    // no_new_privs is set by the process itself, where the specification asks for it.
    unsafe seccomp_attr_set(context, SCMP_FLTATR_CTL_NNP, 0)
    // A binary tree: the kernel emulates the filter once for each system call when it is installed.
    unsafe seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2)
    for (index, name) in profile.architectures.enumerated() {
      unsafe try addArchitecture(name, "linux.seccomp.architectures[\(index)]", context)
    }
    for (index, rule) in profile.syscalls.enumerated() {
      let field = "linux.seccomp.syscalls[\(index)]"
      let ruleAction = try self.action(rule.action, rule.errnoRet, "\(field).action")
      // A rule that does what happens anyway; libseccomp refuses it.
      if ruleAction == action { continue }
      unsafe try add(rule, ruleAction, field, context)
    }
    let filter = unsafe try export(context)
    return stub(profile).instructions + filter
  }

  /// For system calls that are newer than the profile.
  private static func stub(_ profile: RuntimeSeccomp) -> SeccompStub {
    var stub = SeccompStub()
    guard
      SeccompStub.isNeeded(defaultAction: profile.defaultAction, errno: profile.defaultErrnoRet)
    else { return stub }
    let x32: UInt32 = 0x4000_003E
    let tokens = profile.architectures.compactMap(token)
    let names = profile.syscalls.flatMap(\.names)
    for token in Set(tokens + [seccomp_arch_native()]) {
      let numbers = names.compactMap { name -> UInt32? in
        let number = unsafe seccomp_syscall_resolve_name_arch(token, name)
        return number < 0 ? nil : UInt32(number)
      }
      guard let largest = numbers.max() else { continue }
      if token == x32 {
        stub.limits[0xC000_003E, default: .init()].marked = largest | SeccompStub.mark
      } else {
        stub.limits[token, default: .init()].plain = largest
      }
    }
    return stub
  }

  private static func token(_ name: String) -> UInt32? {
    let known = name.hasPrefix("SCMP_ARCH_") ? name.dropFirst(10).lowercased() : name.lowercased()
    let token = unsafe seccomp_arch_resolve_name(known)
    return token == 0 ? nil : token
  }

  /// Refuses names of system calls that libseccomp does not know.
  static func refuseUnknown(_ profile: RuntimeSeccomp) throws(RuntimeError) {
    for (index, rule) in profile.syscalls.enumerated() {
      for name in rule.names
      where unsafe seccomp_syscall_resolve_name(name) == __NR_SCMP_ERROR {
        throw .unusable(
          field: "linux.seccomp.syscalls[\(index)].names",
          "unknown system call `\(name)` (\(ConfigAnnotation.unknownSystemCalls.rawValue) is set)")
      }
    }
  }

  private static func addArchitecture(
    _ name: String, _ field: String, _ context: scmp_filter_ctx
  ) throws(RuntimeError) {
    guard let token = token(name) else { throw .unusable(field: field, "unknown value `\(name)`") }
    let result = unsafe seccomp_arch_add(context, token)
    guard result == 0 || result == -Errno.exists else {
      throw .system("add \(name) to the seccomp filter", failure("seccomp_arch_add", result))
    }
  }

  private static func add(
    _ rule: RuntimeSyscallRule, _ action: UInt32, _ field: String, _ context: scmp_filter_ctx
  ) throws(RuntimeError) {
    guard !rule.names.isEmpty else { throw .unusable(field: "\(field).names", "is empty") }
    let comparisons = try arguments(rule.args, field)
    for name in rule.names {
      let number = unsafe seccomp_syscall_resolve_name(name)
      // Unknown to this libseccomp: the default action covers it.
      if number == __NR_SCMP_ERROR { continue }
      for group in comparisons {
        let result = unsafe group.withUnsafeBufferPointer {
          unsafe seccomp_rule_add_array(
            context, action, number, UInt32($0.count), $0.baseAddress)
        }
        // EDOM: the call does not exist on any of the architectures; EEXIST: said before.
        guard result == 0 || result == -33 || result == -Errno.exists else {
          throw .system(
            "seccomp rule `\(name)` (\(field))", failure("seccomp_rule_add_array", result))
        }
      }
    }
  }

  /// The comparisons of a rule: one group, or one for each when the same argument is compared
  /// twice, which libseccomp takes only as alternatives.
  private static func arguments(_ args: [RuntimeSyscallArgument], _ field: String)
    throws(RuntimeError) -> [[scmp_arg_cmp]]
  {
    var all: [scmp_arg_cmp] = []
    for (index, argument) in args.enumerated() {
      guard argument.index < 6 else {
        throw .unusable(field: "\(field).args[\(index)].index", "is not between 0 and 5")
      }
      guard let op = operators[argument.op] else {
        throw .unusable(field: "\(field).args[\(index)].op", "unknown value `\(argument.op)`")
      }
      all.append(
        scmp_arg_cmp(
          arg: argument.index, op: op, datum_a: argument.value,
          datum_b: argument.valueTwo ?? 0))
    }
    let repeated = Set(args.map(\.index)).count != args.count
    return repeated ? all.map { [$0] } : [all]
  }

  private static let operators: [String: scmp_compare] = [
    "SCMP_CMP_NE": SCMP_CMP_NE, "SCMP_CMP_LT": SCMP_CMP_LT, "SCMP_CMP_LE": SCMP_CMP_LE,
    "SCMP_CMP_EQ": SCMP_CMP_EQ, "SCMP_CMP_GE": SCMP_CMP_GE, "SCMP_CMP_GT": SCMP_CMP_GT,
    "SCMP_CMP_MASKED_EQ": SCMP_CMP_MASKED_EQ,
  ]

  /// SECCOMP_RET_* values, which libseccomp's SCMP_ACT_* equal (linux/seccomp.h).
  static func action(_ name: String, _ errno: UInt32?, _ field: String) throws(RuntimeError)
    -> UInt32
  {
    let data = errno ?? UInt32(Errno.notPermitted)
    guard data <= 0xFFFF else { throw .unusable(field: field, "errno \(data) is too large") }
    switch name {
    case "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD": return 0
    case "SCMP_ACT_KILL_PROCESS": return 0x8000_0000
    case "SCMP_ACT_TRAP": return 0x0003_0000
    case "SCMP_ACT_ERRNO": return 0x0005_0000 | data
    case "SCMP_ACT_TRACE": return 0x7FF0_0000 | data
    case "SCMP_ACT_LOG": return 0x7FFC_0000
    case "SCMP_ACT_ALLOW": return 0x7FFF_0000
    case "SCMP_ACT_NOTIFY": return 0x7FC0_0000
    default: throw .unusable(field: field, "unknown value `\(name)`")
    }
  }

  private static func export(_ context: scmp_filter_ctx) throws(RuntimeError) -> [UInt8] {
    do throws(SystemError) {
      let file = try OwnedDescriptor.anonymousFile("seccomp")
      let result = unsafe seccomp_export_bpf(context, file.raw)
      guard result == 0 else { throw failure("seccomp_export_bpf", result) }
      try Descriptor.rewind(file.raw)
      return try Descriptor.readAll(file.raw, limit: 1 << 20)
    } catch { throw .system("compile the seccomp filter", error) }
  }

  private static func failure(_ call: String, _ result: Int32) -> SystemError {
    SystemError(call, "", errno: -result)
  }
}
