import LinuxSystem
import OCISpec

@testable import OCIRuntime

/// A bundle of busybox with its own state directory, removed at the end.
final class TestBundle {
  let directory: String
  var spec: RuntimeSpec
  let id: String

  var rootfs: String { "\(directory)/rootfs" }
  /// Run through unshare(1), as root of a user namespace.
  let inNamespace: Bool

  struct Unusable: Error {}

  /// `suffix` ends the directory's name.
  init(inNamespace: Bool = false, suffix: String = "") throws {
    guard let busybox = RuntimeUnderTest.busybox else { throw Unusable() }
    self.inNamespace = inNamespace
    id = "t\(CurrentProcess.id)-\(Clock.monotonic())"
    directory = "/tmp/martlet-oci-test-\(id)\(suffix)"
    for name in ["bin", "etc", "proc", "sys", "dev", "tmp", "root"] {
      try FileTree.ensureDirectory("\(directory)/rootfs/\(name)", mode: 0o755)
    }
    try FileTree.setMode(directory, 0o755)
    try FileTree.write(
      "\(directory)/rootfs/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n", mode: 0o644)
    let target = try OwnedDescriptor.open(
      "\(directory)/rootfs/bin/busybox", [.writeOnly, .create], mode: 0o755)
    try Descriptor.writeAll(target.raw, try FileTree.read(busybox))
    for name in ["sh", "cat", "id", "ls", "sleep", "true", "echo", "mkdir", "readlink", "env"] {
      try FileTree.makeLink("\(directory)/rootfs/bin/\(name)", to: "busybox")
    }
    spec = SpecTemplate.make(rootless: nil)
    spec.hostname = "test"
    spec.process?.terminal = false
    // In a container of CI the limit may be lower than the template's.
    spec.process?.rlimits = []
    spec.linux?.resources = nil
    spec.linux?.cgroupsPath = nil
    spec.root?.readonly = false
  }

  deinit {
    _ = try? oci(["delete", "--force", id])
    try? FileTree.removeTree(directory)
  }

  func shell(_ script: String) { spec.process?.args = ["sh", "-c", script] }

  /// Writes the configuration and runs the runtime on it.
  func oci(_ arguments: [String], inherited: [(child: Int32, ours: Int32)] = []) throws
    -> CommandOutcome
  {
    guard let runtime = RuntimeUnderTest.path else { throw Unusable() }
    try FileTree.write("\(directory)/config.json", String(decoding: spec.encoded(), as: UTF8.self))
    let words = ["--root", "\(directory)/state"] + arguments
    guard inNamespace else {
      return try CommandRunner.run(runtime, words, in: directory, inherited: inherited)
    }
    return try CommandRunner.run(
      "/usr/bin/unshare",
      ["--user", "--map-root-user", "--mount", "--propagation", "private", runtime] + words,
      in: directory, inherited: inherited)
  }

  func run(_ options: [String] = []) throws -> CommandOutcome {
    try oci(["run", "--bundle", directory] + options + [id])
  }

  func start(_ script: String) throws {
    shell(script)
    let made = try oci(["create", "--bundle", directory, id])
    let started = try oci(["start", id])
    guard made.status == 0, started.status == 0 else { throw Unusable() }
  }

  func state() throws -> RuntimeState {
    try RuntimeState(parsing: Array(try oci(["state", id]).output.utf8))
  }

  /// Waits, by its pidfd, for the container's process to end.
  func waitForEnd(_ pid: Int32) throws {
    guard let process = try ProcessHandle.find(pid) else { return }
    guard try process.waitForEnd(milliseconds: 10_000) else { throw Unusable() }
  }

  /// Gives the process capabilities in every set but the inheritable and the ambient one.
  func giveCapabilities(_ names: [String]) {
    spec.process?.capabilities = RuntimeCapabilities(
      bounding: names, effective: names, inheritable: [], permitted: names, ambient: [])
  }

  /// Gives the container a user namespace, whose ids are the host's from `from` on.
  func addUserNamespace(from hostID: UInt32 = 100_000, size: UInt32 = 65_536) {
    let map = [RuntimeIDMapping(containerID: 0, hostID: hostID, size: size)]
    spec.linux?.namespaces.append(RuntimeNamespace(.user))
    spec.linux?.uidMappings = map
    spec.linux?.gidMappings = map
  }

  /// Runs a script on the host as a user without rights or subordinate ids, who may use the bundle as
  /// it has been written and its state directory.
  func hostAsOrdinaryUser(_ script: String) throws -> CommandOutcome {
    try FileTree.setMode("\(directory)/config.json", 0o644)
    try FileTree.ensureDirectory("\(directory)/state", mode: 0o777)
    try FileTree.setMode("\(directory)/state", 0o777)
    return try host(
      script, in: ["/usr/bin/setpriv", "--reuid", "65533", "--regid", "65532", "--clear-groups"])
  }
}
