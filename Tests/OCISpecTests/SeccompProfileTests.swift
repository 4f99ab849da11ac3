import Testing

@testable import OCISpec

@Suite struct SeccompProfileTests {
  private func names(
    _ rule: String, capabilities: Set<String> = [], machine: String = "x86_64",
    release: String = "6.1.0-18-amd64"
  ) throws -> [String] {
    let text = #"{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[\#(rule)]}"#
    return try SeccompProfile(parsing: Array(text.utf8)).adapted(
      to: .init(capabilities: capabilities, name: machine, release: release)
    ).syscalls.flatMap(\.names)
  }

  private func rule(_ conditions: String) -> String {
    #"{"names":["clone"],"action":"SCMP_ACT_ALLOW",\#(conditions)}"#
  }

  @Test(arguments: [
    (#""includes":{}"#, true), (#""includes":null,"excludes":null,"args":null"#, true),
    (#""includes":{"caps":["CAP_A"]}"#, true), (#""includes":{"caps":["CAP_B"]}"#, false),
    (#""includes":{"caps":["CAP_A","CAP_B"]}"#, false),
    (#""excludes":{"caps":["CAP_A"]}"#, false), (#""excludes":{"caps":["CAP_B"]}"#, true),
    (#""includes":{"arches":["amd64","x32"]}"#, true),
    (#""includes":{"arches":["arm64"]}"#, false), (#""excludes":{"arches":["amd64"]}"#, false),
    (#""excludes":{"arches":["s390x"]}"#, true), (#""includes":{"minKernel":"4.8"}"#, true),
    (#""includes":{"minKernel":"6.2"}"#, false), (#""includes":{"minKernel":"6.1"}"#, true),
    (#""includes":{"minKernel":"10.0"}"#, false), (#""excludes":{"minKernel":"4.8"}"#, false),
    (#""includes":{"arches":["amd64"],"caps":["CAP_B"]}"#, false),
  ])
  func holdsWhereItsConditionsDo(conditions: String, holds: Bool) throws {
    #expect(
      try names(rule(conditions), capabilities: ["CAP_A"]) == (holds ? ["clone"] : []))
  }

  @Test func takesTheOldFormWithOneName() throws {
    #expect(try names(#"{"name":"clone","action":"SCMP_ACT_ALLOW","args":[]}"#) == ["clone"])
  }

  @Test(arguments: [
    #"{"names":[],"action":"SCMP_ACT_ALLOW"}"#, #"{"names":["clone"]}"#,
    #"{"names":["clone"],"action":"A","includes":{"minKernel":"new"}}"#,
  ])
  func refusesWhatMeansNothing(rule: String) {
    #expect(throws: SpecError.self) { try names(rule) }
  }

  @Test func mapsTheMachineToItsArchitectures() throws {
    let text = #"""
      {"defaultAction":"SCMP_ACT_ERRNO","archMap":[
        {"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86","SCMP_ARCH_X32"]},
        {"architecture":"SCMP_ARCH_AARCH64","subArchitectures":["SCMP_ARCH_ARM"]}],"syscalls":[]}
      """#
    let profile = try SeccompProfile(parsing: Array(text.utf8))
    let x86 = try profile.adapted(to: .init(capabilities: [], name: "x86_64", release: "6.1"))
    #expect(x86.architectures == ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"])
    let arm = try profile.adapted(to: .init(capabilities: [], name: "aarch64", release: "6.1"))
    #expect(arm.architectures == ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"])
  }
}
