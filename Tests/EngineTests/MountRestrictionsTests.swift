import LinuxSystem
import Testing

@testable import Engine

@Suite struct MountRestrictionsTests {
  /// procfs is mounted with all but the first of ro, nosuid, nodev and noexec.
  @Test(
    .enabled(if: MountRestrictionsTests.isUsual, "an ordinary /proc"),
    arguments: [
      ([], []), (["rbind", "rprivate"], []), (["ro"], ["nosuid", "nodev", "noexec"]),
      (["rw", "exec"], ["nosuid", "nodev"]), (["dev", "suid", "noexec"], []),
    ] as [([String], [String])])
  func whatTheMachineForbidsStaysForbidden(options: [String], added: [String]) {
    #expect(SpecBuilder.restrictions(of: "/proc/self", besides: options) == added)
  }

  @Test func whatIsMissingForbidsNothing() {
    #expect(SpecBuilder.restrictions(of: "/nonexistent", besides: ["rw"]) == [])
  }

  static var isUsual: Bool {
    (try? MountCall.attributes(of: "/proc/self"))?.isSuperset(
      of: [.noSetID, .noDevices, .noExecute]) ?? false
  }
}
