import LinuxSystem
import Model
import OCISpec
import Testing

@testable import OCIRuntime

/// What `features` names, the runtime takes.
@Suite struct FeaturesTests {
  private static func texts(_ path: String...) throws -> [String] {
    var value = RuntimeFeatures.document()
    for key in path {
      guard case .object(let members) = value, let next = members.find(key) else {
        throw SpecError("no \(key)")
      }
      value = next
    }
    guard case .array(let values) = value else { throw SpecError("\(path) is no list") }
    return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
  }

  @Test func mountOptionsAreNoData() throws {
    let options = try Self.texts("mountOptions")
    #expect(options.count > 40)
    for option in options {
      let mount = RuntimeMount(
        destination: "/a", type: "bind", source: "/b", options: ["bind", option])
      #expect(try MountPlan(mount, index: 0, bundle: "/").data == [], "\(option)")
    }
  }

  @Test func filtersMayHaveEachActionAndComparison() throws {
    for action in try Self.texts("linux", "seccomp", "actions") where action != "SCMP_ACT_ALLOW" {
      for operation in try Self.texts("linux", "seccomp", "operators") {
        let rule = RuntimeSyscallRule(
          ["getppid"], action: action,
          args: [RuntimeSyscallArgument(index: 0, value: 1, op: operation)])
        let profile = RuntimeSeccomp(defaultAction: "SCMP_ACT_ALLOW", syscalls: [rule])
        #expect(try !SeccompCompiler.compile(profile).isEmpty, "\(action) \(operation)")
      }
    }
  }

  /// An architecture of the other byte order is known and goes with none of this machine's.
  @Test func filtersMayNameEachArchitecture() throws {
    for architecture in try Self.texts("linux", "seccomp", "archs") {
      let profile = RuntimeSeccomp(
        defaultAction: "SCMP_ACT_ALLOW", architectures: [architecture])
      do throws(RuntimeError) { _ = try SeccompCompiler.compile(profile) } catch {
        #expect(!error.report.message.contains("unknown value"), "\(error.report.message)")
      }
    }
  }

  @Test func memoryPoliciesHaveEachModeAndFlag() throws {
    for mode in try Self.texts("linux", "memoryPolicy", "modes") {
      for flag in try Self.texts("linux", "memoryPolicy", "flags") {
        var policy = RuntimeMemoryPolicy()
        policy.mode = mode
        policy.flags = [flag]
        #expect(throws: Never.self) { try MemoryPolicyPlan(policy) }
      }
    }
  }

  @Test func annotationsThatChangeWhatItDoesAreNamed() throws {
    let named = try Self.texts("potentiallyUnsafeConfigAnnotations")
    #expect(
      named == [
        "org.systemd.property.", "run.oci.hooks.stderr", "run.oci.hooks.stdout",
        "run.oci.keep_original_groups", "run.oci.seccomp_fail_unknown_syscall",
      ])
  }

  @Test func checkpointsNeedCriu() throws {
    var context = RuntimeContext()
    for (program, said) in [("sh", "true"), ("martlet-no-such-criu", "false")] {
      context.criu = program
      guard case .object(let members) = RuntimeFeatures.document(context),
        case .object(let annotations)? = members.find("annotations")
      else { throw SpecError("no annotations") }
      #expect(annotations.find("run.oci.checkpoint.enabled") == .string(said))
    }
  }
}

/// The same, where the kernel has a say.
@Suite(.enabled(if: RuntimeUnderTest.isUsable, "root, martlet-oci and busybox-static"))
struct FeaturesOfTheKernelTests {
  private struct Document {
    let linux: JSONObject
    let mountOptions: [String]

    init(_ bundle: TestBundle) throws {
      let output = try bundle.oci(["features"]).output
      guard case .object(let members) = try JSONValue(parsing: Array(output.utf8)),
        case .object(let linux)? = members.find("linux")
      else { throw SpecError("no document") }
      self.linux = linux
      mountOptions = Self.texts(members.find("mountOptions"))
    }

    static func texts(_ value: JSONValue?) -> [String] {
      guard case .array(let values)? = value else { return [] }
      return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }
  }

  @Test func mountsMayHaveEachOption() throws {
    let bundle = try TestBundle()
    let options = try Document(bundle).mountOptions
    #expect(!options.isEmpty)
    for option in options where !option.hasSuffix("idmap") {
      bundle.spec.mounts.append(
        RuntimeMount(
          destination: "/tmp/\(option)", type: "bind", source: "rootfs/etc",
          options: ["bind", option]))
    }
    bundle.shell("busybox grep -c ' /tmp/' /proc/self/mounts")
    let outcome = try bundle.run()
    #expect(outcome.output == "\(options.count - 2)\n", "\(outcome.errors)")
  }

  @Test func containersMayHaveEachNamespace() throws {
    let bundle = try TestBundle()
    let names = Document.texts(try Document(bundle).linux.find("namespaces"))
    #expect(names.contains("mount"))
    bundle.addUserNamespace()
    bundle.spec.linux?.namespaces = names.compactMap { name in
      RuntimeNamespace.Kind(rawValue: name).map { RuntimeNamespace($0) }
    }
    let files = try names.map { try #require(Namespace(rawValue: $0)).fileName }
    let links = files.map { "/proc/self/ns/\($0)" }
    bundle.shell("for file in \(links.joined(separator: " ")); do readlink $file; done")
    let outcome = try bundle.run()
    let inside = outcome.output.split(separator: "\n").map(String.init)
    #expect(inside.count == names.count, "\(outcome)")
    for (link, target) in zip(links, inside) { #expect(try FileTree.readLink(link) != target) }
  }

  @Test func filtersMayHaveEachFlag() throws {
    let bundle = try TestBundle()
    guard case .object(let seccomp)? = try Document(bundle).linux.find("seccomp") else {
      throw SpecError("no seccomp")
    }
    let flags = Document.texts(seccomp.find("supportedFlags"))
    #expect(flags.contains("SECCOMP_FILTER_FLAG_LOG"))
    bundle.shell("echo runs")
    // Also the one that is about an agent's answers, where there is no agent.
    for flag in flags {
      var profile = RuntimeSeccomp(defaultAction: "SCMP_ACT_ALLOW")
      profile.flags = [flag]
      profile.syscalls = [RuntimeSyscallRule(["reboot"], action: "SCMP_ACT_ERRNO")]
      bundle.spec.linux?.seccomp = profile
      let outcome = try bundle.run()
      #expect(outcome.output == "runs\n", "\(flag): \(outcome.errors)")
    }
  }
}
