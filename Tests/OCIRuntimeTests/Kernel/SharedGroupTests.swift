import Cgroups
import LinuxSystem
import OCISpec
import Testing

/// A cgroup that was there before the container.
@Suite(.enabled(if: RuntimeUnderTest.isUsable, "root, martlet-oci and busybox-static"))
struct SharedGroupTests {
  @Test(arguments: ["create", "run"]) func refusesOneWithProcesses(command: String) throws {
    let first = try TestBundle()
    first.spec.linux?.cgroupsPath = "/\(first.id)"
    try first.start("sleep 1000")
    // Where no cgroup can be made nothing is shared either.
    guard first.hasGroup() else { return }
    let second = try TestBundle()
    second.spec.linux?.cgroupsPath = "/\(first.id)"
    second.shell("true")
    let outcome = try second.oci([command, "--bundle", second.directory, second.id])
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("cgroup is not empty"), "\(outcome.errors)")
    #expect(try first.state().status == .running)
    #expect(try second.oci(["list", "-q"]).output.isEmpty)
  }

  @Test func takesOneThatIsEmpty() throws {
    let bundle = try TestBundle()
    bundle.spec.linux?.cgroupsPath = "/\(bundle.id)"
    let made = bundle.groupDirectories()
    defer { for directory in made { try? FileTree.removeDirectory(directory) } }
    for directory in made { try FileTree.ensureDirectory(directory, mode: 0o755) }
    bundle.shell("echo ran")
    #expect(try bundle.run().output == "ran\n")
  }

  @Test func refusesAFrozenOneInsteadOfHanging() throws {
    let bundle = try TestBundle()
    bundle.spec.linux?.cgroupsPath = "/\(bundle.id)"
    let directories = bundle.groupDirectories()
    defer { for directory in directories { try? FileTree.removeDirectory(directory) } }
    for directory in directories { try FileTree.ensureDirectory(directory, mode: 0o755) }
    let group = Cgroup(directories: directories, layout: HostCgroups.layout())
    guard group.canFreeze else { return }
    try group.setFrozen(true)
    bundle.shell("true")
    let outcome = try bundle.host("timeout 20 \(try bundle.runCommand())")
    // Whatever was started shall not stay.
    try group.setFrozen(false)
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("cgroup unexpectedly frozen"), "\(outcome.errors)")
  }
}

extension TestBundle {
  fileprivate func hasGroup() -> Bool {
    groupDirectories().contains { FileTree.exists($0) }
  }

  /// Where a cgroup of the bundle's name is, in the v2 hierarchy or v1's freezer.
  fileprivate func groupDirectories() -> [String] {
    switch HostCgroups.layout() {
    case .unified: ["\(HostCgroups.mountPoint)/\(id)"]
    case .legacy:
      ["freezer"].map { "\(HostCgroups.mountPoint)/\($0)" }
        .filter { FileTree.exists($0) }.map { "\($0)/\(id)" }
    case .none: []
    }
  }
}
