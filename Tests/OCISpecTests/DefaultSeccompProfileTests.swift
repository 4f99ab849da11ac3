import OCISpec
import Testing

@Suite struct DefaultSeccompProfileTests {
  private func actions(_ name: String, _ capabilities: Set<String>) -> [String] {
    DefaultSeccompProfile.make(capabilities: capabilities, machine: "x86_64").syscalls
      .filter { $0.names.contains(name) && $0.args.isEmpty }.map(\.action)
  }

  @Test(arguments: [
    ("bpf", "CAP_SYS_ADMIN"), ("chroot", "CAP_SYS_CHROOT"), ("iopl", "CAP_SYS_RAWIO"),
    ("open_by_handle_at", "CAP_DAC_READ_SEARCH"), ("settimeofday", "CAP_SYS_TIME"),
  ])
  func followsTheCapability(name: String, capability: String) {
    #expect(actions(name, []) == ["SCMP_ACT_ERRNO"])
    #expect(actions(name, [capability]) == ["SCMP_ACT_ALLOW"])
  }

  @Test(arguments: ["keyctl", "add_key", "userfaultfd", "kexec_load"])
  func refusesWhatAContainerNeverNeeds(name: String) {
    #expect(actions(name, []) == ["SCMP_ACT_ERRNO"])
  }

  @Test(arguments: ["io_uring_setup", "bpf_unknown"])
  func doesNotNameWhatShouldLookMissing(name: String) {
    #expect(actions(name, []).isEmpty)
  }

  @Test func coversTheCompatibleArchitectures() {
    let profile = DefaultSeccompProfile.make(capabilities: [], machine: "x86_64")
    #expect(profile.architectures == ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"])
    #expect(profile.defaultErrnoRet == 38)
  }
}
