import LinuxSystem
import OCISpec
import Testing

@testable import OCIRuntime

/// What `--pidfd-socket` hands to whoever watches a process.
@Suite(.enabled(if: RuntimeUnderTest.isUsable, "root, martlet-oci and busybox-static"))
struct PIDFDSocketTests {
  private func listener(_ bundle: TestBundle) throws -> OwnedDescriptor {
    let directory = try OwnedDescriptor.open(bundle.directory, [.path, .directory])
    return try UnixSocket.listen(directory: directory.raw, name: "watcher")
  }

  /// The message, and the process that the descriptor with it means.
  private func receive(_ listener: borrowing OwnedDescriptor) throws -> (String, Int32?) {
    guard try Descriptor.waitReadable(listener.raw, milliseconds: 10_000),
      let caller = try UnixSocket.accept(listener.raw)
    else { return ("nobody", nil) }
    let message = try UnixSocket.receive(caller.raw)
    let text = String(decoding: message.bytes, as: UTF8.self)
    guard let descriptor = message.takeDescriptor() else { return (text, nil) }
    let facts = try FileTree.readText("/proc/self/fdinfo/\(descriptor.raw)")
    let pid = facts.split(separator: "\n").first { $0.hasPrefix("Pid:") }?.dropFirst(4)
    return (text, pid.flatMap { Int32($0.filter { $0 != "\t" && $0 != " " }) })
  }

  @Test(arguments: ["create", "run"]) func theFirstProcessIsSent(command: String) throws {
    let bundle = try TestBundle()
    let listener = try listener(bundle)
    bundle.shell("sleep 1000")
    let outcome = try bundle.oci(
      [command, "--bundle", bundle.directory, "--pidfd-socket", "\(bundle.directory)/watcher"]
        + (command == "run" ? ["--detach"] : []) + [bundle.id])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let (text, pid) = try receive(listener)
    #expect(text == "standard")
    #expect(try pid == bundle.state().pid)
  }

  @Test func anExecutedProcessIsSent() throws {
    let bundle = try TestBundle()
    let listener = try listener(bundle)
    try bundle.start("sleep 1000")
    let file = "\(bundle.directory)/pid"
    let outcome = try bundle.oci([
      "exec", "--detach", "--pid-file", file, "--pidfd-socket", "\(bundle.directory)/watcher",
      bundle.id, "sleep", "1000",
    ])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let (text, pid) = try receive(listener)
    #expect(text == "setns")
    #expect(try pid == Int32(FileTree.readText(file)))
  }

  @Test func nothingStaysWhereNobodyListens() throws {
    let bundle = try TestBundle()
    bundle.shell("sleep 1000")
    let nowhere = ["--pidfd-socket", "\(bundle.directory)/nowhere"]
    let outcome = try bundle.run(["--detach"] + nowhere)
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("connect to the pidfd socket"), "\(outcome.errors)")
    #expect(try bundle.oci(["list", "-q"]).output.isEmpty)
    try bundle.start("sleep 1000")
    let executed = try bundle.oci(["exec", "--detach"] + nowhere + [bundle.id, "true"])
    #expect(executed.status == 255)
    #expect(executed.errors.contains("connect to the pidfd socket"), "\(executed.errors)")
  }
}
