import LinuxSystem
import OCISpec
import Testing

/// Capabilities that only some sets have, and filters that name what nobody knows.
@Suite(.enabled(if: RuntimeUnderTest.isUsable, "root, martlet-oci and busybox-static"))
struct RaisedRightsTests {
  /// Bit n is capability n: CHOWN is 0, KILL 5, SYSLOG 34.
  @Test func executedProcessesRaiseWhatIsInheritable() throws {
    let bundle = try TestBundle()
    bundle.spec.process?.capabilities = RuntimeCapabilities(
      bounding: ["CAP_KILL", "CAP_CHOWN", "CAP_SYSLOG"], effective: ["CAP_KILL"],
      inheritable: ["CAP_CHOWN", "CAP_SYSLOG"], permitted: ["CAP_KILL", "CAP_CHOWN"],
      ambient: ["CAP_CHOWN"])
    try bundle.start("sleep 1000")
    let status = "busybox grep '^Cap[IA]' /proc/self/status"
    let outcome = try bundle.oci([
      "exec", "--cap", "CAP_SYSLOG", "--cap", "CAP_NET_RAW", bundle.id, "sh", "-c", status,
    ])
    #expect(
      outcome.output == "CapInh:\t0000000400000001\nCapAmb:\t0000000400000001\n",
      "\(outcome.errors)")
  }

  @Test func ambientOnesThatCannotBeAreToldToWhoAsks() throws {
    let bundle = try TestBundle()
    var sets = bundle.spec.process?.capabilities ?? RuntimeCapabilities()
    sets.inheritable = ["CAP_KILL"]
    sets.ambient = ["CAP_KILL", "CAP_CHOWN"]
    sets.permitted = ["CAP_KILL", "CAP_CHOWN"]
    sets.bounding = sets.permitted
    sets.effective = sets.permitted
    bundle.spec.process?.capabilities = sets
    bundle.shell("busybox grep ^CapAmb /proc/self/status")
    let outcome = try bundle.run()
    #expect(outcome.output == "CapAmb:\t0000000000000020\n")
    #expect(outcome.errors.contains("warning: can't raise ambient capability CAP_CHOWN:"))
    // As a habit some ask for all, and for none to be inheritable.
    bundle.spec.process?.capabilities?.inheritable = []
    #expect(try bundle.run().errors == "")
    let told = try bundle.oci(["--debug", "run", "--bundle", bundle.directory, bundle.id])
    #expect(told.errors.contains("can't raise ambient capability CAP_CHOWN:"), "\(told.errors)")
  }

  @Test(arguments: [("1", 1 as Int32), ("0", 0), (nil, 0)])
  func unknownSystemCallsAreRefusedWhenAsked(annotation: String?, status: Int32) throws {
    let bundle = try TestBundle()
    var profile = RuntimeSeccomp()
    profile.defaultAction = "SCMP_ACT_ALLOW"
    var rule = RuntimeSyscallRule()
    rule.names = ["no_such_call"]
    rule.action = "SCMP_ACT_ERRNO"
    profile.syscalls = [rule]
    bundle.spec.linux?.seccomp = profile
    bundle.spec.annotations["run.oci.seccomp_fail_unknown_syscall"] = annotation
    bundle.shell("true")
    let outcome = try bundle.run()
    #expect(outcome.status == status)
    #expect(outcome.errors.contains("`no_such_call`") == (status == 1), "\(outcome.errors)")
  }
}
