import LinuxSystem
import Testing

@Suite struct ProgramPairTests {
  @Test(arguments: [
    ("true", "true"), ("true", "false"), ("false", "true"), ("false", "missing"),
    ("missing", "true"),
  ])
  func tellsWhichFailed(first: String, second: String) throws {
    for awaitedSoon in [false, true] {
      let pair = try ProgramPair(
        Program("/usr/bin/\(first)"), Program("/usr/bin/\(second)"), awaitedSoon: awaitedSoon)
      let succeeded = pair.wait()
      #expect(succeeded.first == (first == "true"))
      #expect(succeeded.second == (second == "true"))
    }
  }

  @Test func bothRunBesideUs() throws {
    let pipe = try OwnedDescriptor.pipe()
    var reader = Program("/usr/bin/head", ["-c", "1"])
    reader.descriptors = [(0, pipe.readEnd.raw)]
    let pair = try ProgramPair(reader, Program("/usr/bin/true"))
    // Only a process that was not waited for can be given what it waits for.
    try Descriptor.writeAll(pipe.writeEnd.raw, "x")
    #expect(pair.wait() == (true, true))
  }

  /// What fails in the children on their way must not be read as a failure of ours.
  @Test func errnoStaysOurs() throws {
    for _ in 0..<100 {
      let pair = try ProgramPair(Program("/usr/bin/true"), Program("/usr/bin/true"))
      for _ in 0..<500 {
        #expect { try FileTree.makeDirectory("/tmp") } throws: {
          ($0 as? SystemError)?.errno == Errno.exists
        }
      }
      #expect(pair.wait() == (true, true))
    }
  }
}

@Suite struct NamespaceHolderTests {
  @Test func holdsWhatItWasMadeWith() throws {
    let own = Namespace.user.identity()
    let pid: Int32
    let kept: OwnedDescriptor
    do {
      let pipe = try OwnedDescriptor.pipe()
      var holder = try NamespaceHolder([.user, .network], loopback: true)
      // It lets go of our descriptors: nobody writes to the pipe any more.
      let reader = pipe.split { readEnd, _ in readEnd }
      #expect(try Descriptor.waitReadable(reader.raw, milliseconds: 10_000))
      pid = holder.pid
      #expect(Namespace.user.identity(of: "\(pid)") != own)
      kept = try holder.open(.network)
    }
    #expect(!FileTree.exists("/proc/\(pid)"), "it ended, and was waited for")
    #expect(try FileStatus.of(descriptor: kept.raw).inode != 0)
  }

  @Test func endsThoughAnotherChildHasOurEndOpen() throws {
    let pipe = try OwnedDescriptor.pipe()
    let reader = pipe.readEnd.raw
    let other: ChildProcess
    do {
      let holder = try NamespaceHolder([.user])
      other = try ChildProcess.spawn {
        Descriptor.close(pipe.writeEnd.raw)
        return (try? Descriptor.waitReadable(reader, milliseconds: 10_000)) == true ? 0 : 1
      }
      #expect(FileTree.exists("/proc/\(holder.pid)"))
    }
    // Nobody writes any more, which the other child sees if it has not given up waiting.
    _ = pipe.split { readEnd, _ in readEnd }
    #expect(try other.wait() == .exited(0))
  }

  @Test func endsWithItsMaker() throws {
    let pipe = try OwnedDescriptor.pipe()
    let writer = pipe.writeEnd.raw
    let maker = try ChildProcess.spawn {
      guard let holder = try? NamespaceHolder([.user]) else { return 1 }
      try? Descriptor.writeAll(writer, "\(holder.pid)")
      CurrentProcess.die(bySignal: SignalSet.kill)
    }
    #expect(try maker.wait() == .signaled(9))
    let pid = String(decoding: try Descriptor.read(pipe.readEnd.raw, upTo: 16), as: UTF8.self)
    // Nil: it has ended and somebody has reaped it.
    if let handle = try ProcessHandle.find(try #require(Int32(pid))) {
      #expect(try handle.waitForEnd(milliseconds: 10_000))
    }
  }
}
