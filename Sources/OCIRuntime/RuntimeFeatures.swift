import LinuxSystem
public import OCISpec
import SystemdBus

/// `features`: what this runtime and this kernel can do (runtime-spec features.md).
public enum RuntimeFeatures {
  private static func strings(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }

  private static func object(_ members: [(String, JSONValue)]) -> JSONValue {
    .object(JSONObject(members.map { JSONObject.Member($0.0, $0.1) }))
  }

  /// The last version of the specification that configurations may follow.
  static let newestSpec = "1.3.0"

  public static func document(_ context: RuntimeContext = RuntimeContext()) -> JSONValue {
    object([
      ("ociVersionMin", .string("1.0.0")), ("ociVersionMax", .string(newestSpec)),
      (
        "hooks",
        strings([
          "prestart", "createRuntime", "createContainer", "startContainer", "poststart",
          "poststop",
        ])
      ),
      ("mountOptions", strings(MountPlan.knownOptions)), ("linux", linux()),
      (
        "annotations",
        object([
          ("org.martlet.oci.version", .string(RuntimeVersion.number)),
          ("run.oci.checkpoint.enabled", .string("\(CriuProgram.isInstalled(context))")),
        ])
      ),
      (
        "potentiallyUnsafeConfigAnnotations",
        strings(
          [UnitProperty.annotationPrefix] + ConfigAnnotation.allCases.map(\.rawValue).sorted())
      ),
    ])
  }

  private static func linux() -> JSONValue {
    let known = Capability.names.enumerated().filter { Capability.isBounding($0.offset) != nil }
    return object([
      ("namespaces", strings(namespaces())),
      ("capabilities", strings(known.map { "CAP_\($0.element)" })),
      (
        "cgroup",
        object([
          ("v1", .bool(true)), ("v2", .bool(true)), ("systemd", .bool(true)),
          ("systemdUser", .bool(true)), ("rdma", .bool(true)),
        ])
      ),
      ("seccomp", seccomp()),
      ("apparmor", object([("enabled", .bool(true))])),
      ("selinux", object([("enabled", .bool(true))])),
      (
        "intelRdt",
        object([
          ("enabled", .bool(true)), ("schemata", .bool(true)), ("monitoring", .bool(true)),
        ])
      ),
      (
        "memoryPolicy",
        object([
          ("modes", strings(MemoryPolicyPlan.modes.keys.sorted())),
          ("flags", strings(MemoryPolicyPlan.flags.keys.sorted())),
        ])
      ),
      ("netDevices", object([("enabled", .bool(true))])),
      (
        "mountExtensions", object([("idmap", object([("enabled", .bool(true))]))])
      ),
    ])
  }

  /// Those that this kernel has.
  private static func namespaces() -> [String] {
    Namespace.allCases.filter { FileTree.exists("/proc/self/ns/\($0.fileName)") }
      .map(\.rawValue).sorted()
  }

  private static func seccomp() -> JSONValue {
    object([
      ("enabled", .bool(true)),
      (
        "actions",
        strings([
          "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS",
          "SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE",
          "SCMP_ACT_TRAP",
        ])
      ),
      (
        "operators",
        strings([
          "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT",
          "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE",
        ])
      ),
      (
        "archs",
        strings([
          "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64",
          "SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64",
          "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC", "SCMP_ARCH_PPC64", "SCMP_ARCH_PPC64LE",
          "SCMP_ARCH_RISCV64", "SCMP_ARCH_S390", "SCMP_ARCH_S390X", "SCMP_ARCH_X32",
          "SCMP_ARCH_X86", "SCMP_ARCH_X86_64",
        ])
      ),
      ("knownFlags", strings(SeccompProgram.knownFlags)),
      ("supportedFlags", strings(SeccompProgram.supportedFlags)),
    ])
  }
}
