import LinuxSystem
import OCIRuntime
import Testing

/// A container that is made with a configuration in memory, and whose program waits for a word.
@Suite(
  .enabled(
    if: RuntimeUnderTest.isUsable && !RuntimeUnderTest.isReference,
    "root, our own martlet-oci and busybox-static"))
struct RunGateTests {
  @Test(arguments: [true, false])
  func theProgramWaitsAtTheGate(opens: Bool) throws {
    let bundle = try TestBundle()
    bundle.shell("echo ran")
    let gate = try OwnedDescriptor.pipe()
    let output = try OwnedDescriptor.pipe()
    let log = "\(bundle.directory)/log"
    var context = RuntimeContext()
    context.root = "\(bundle.directory)/state"
    var create = CreateContainer(bundle.id, context: context)
    create.bundle = bundle.directory
    create.spec = bundle.spec
    create.gate = 3
    var run = RunContainer(create)
    run.detach = true
    var program = Program("/nowhere")
    program.descriptors = [(1, output.writeEnd.raw), (3, gate.readEnd.raw)]
    let child = try program.start { [run] in RuntimeCommandLine.run(run, log: log) }
    let reader = output.split { readEnd, _ in readEnd }
    let writer = gate.split { _, writeEnd in writeEnd }
    #expect(try !Descriptor.waitReadable(reader.raw, milliseconds: 200), "nothing runs yet")
    if opens { try Descriptor.writeAll(writer.raw, "x") }
    _ = consume writer
    #expect(try child.wait() == .exited(opens ? 0 : 1))
    #expect(try Descriptor.readAll(reader.raw, limit: 64) == Array((opens ? "ran\n" : "").utf8))
    let said = (try? FileTree.readText(log)) ?? ""
    #expect(said.contains("the container's monitor ended before its start") != opens)
    #expect(FileTree.exists("\(bundle.directory)/state/\(bundle.id)/state.json") == opens)
  }
}
