import LinuxSystem
import Testing

/// A child that runs our own code in a program's place.
@Suite struct StandInTests {
  @Test func hasTheProgramsDescriptorsAlone() throws {
    let pipe = try OwnedDescriptor.pipe()
    let inherited = try OwnedDescriptor.open("/dev/null")
    try Descriptor.setInheritable(inherited.raw, true)
    var program = Program("/nowhere")
    program.descriptors = [(7, pipe.writeEnd.raw)]
    let (kept, other, reading) = (Int32(7), inherited.raw, pipe.readEnd.raw)
    let child = try program.start {
      let open = (3..<64).filter { Descriptor.isOpen($0) }
      guard open == [kept] else { return 1 }
      do throws(SystemError) { try Descriptor.writeAll(kept, "here") } catch { return 2 }
      return 42
    }
    #expect(try child.wait() == .exited(42))
    #expect(Descriptor.isOpen(other) && Descriptor.isOpen(reading), "ours stay")
    #expect(try Descriptor.read(pipe.readEnd.raw, upTo: 16) == Array("here".utf8))
  }

  /// The numbers may be each other's, as for a program.
  @Test func descriptorsMayChangePlaces() throws {
    let first = try OwnedDescriptor.pipe()
    let second = try OwnedDescriptor.pipe()
    let (a, b) = (first.writeEnd.raw, second.writeEnd.raw)
    var program = Program("/nowhere")
    program.descriptors = [(a, b), (b, a)]
    let child = try program.start {
      do throws(SystemError) {
        try Descriptor.writeAll(a, "second")
        try Descriptor.writeAll(b, "first")
        return 0
      } catch { return 1 }
    }
    #expect(try child.wait() == .exited(0))
    #expect(try Descriptor.read(first.readEnd.raw, upTo: 16) == Array("first".utf8))
    #expect(try Descriptor.read(second.readEnd.raw, upTo: 16) == Array("second".utf8))
  }

  /// In a child: what it blocks stays blocked.
  @Test func signalsAreTheProgramsToo() throws {
    let blocker = try ChildProcess.spawn {
      do throws(SystemError) {
        let signals = try SignalDescriptor([SignalSet.terminate])
        let ready = try OwnedDescriptor.pipe()
        var program = Program("/nowhere")
        program.descriptors = [(3, ready.writeEnd.raw)]
        let child = try program.start {
          try? Descriptor.writeAll(3, "x")
          try? Clock.pause(milliseconds: 20_000)
          return 0
        }
        _ = try Descriptor.read(ready.readEnd.raw, upTo: 1)
        try child.kill(SignalSet.terminate)
        let end = try child.wait()
        return try signals.next() == nil && end == .signaled(SignalSet.terminate) ? 0 : 1
      } catch { return 2 }
    }
    #expect(try blocker.wait() == .exited(0))
  }

  @Test func hasTheProgramsEnvironment() throws {
    var program = Program("/nowhere")
    program.environment = ["COLOUR=blue"]
    let child = try program.start {
      CurrentProcess.environment == ["COLOUR=blue"]
        && CurrentProcess.environment("COLOUR") == "blue"
        ? 0 : 1
    }
    #expect(try child.wait() == .exited(0))
    program.environment = nil
    let ours = CurrentProcess.environment
    let heir = try program.start { CurrentProcess.environment == ours ? 0 : 1 }
    #expect(try heir.wait() == .exited(0))
  }

  @Test func startsInItsDirectory() throws {
    var program = Program("/nowhere")
    program.workingDirectory = "/proc"
    let child = try program.start { FileTree.exists("self/status") ? 0 : 1 }
    #expect(try child.wait() == .exited(0))
    program.workingDirectory = "/proc/nowhere"
    let failed = try program.start { 0 }
    #expect(try failed.wait() == .exited(127))
  }
}
