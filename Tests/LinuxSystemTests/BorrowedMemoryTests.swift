import LinuxSystem
import Testing

@Suite struct BorrowedMemoryTests {
  private final class Notes { var words: [String] = [] }

  @Test func whatTheProcessChangesIsOurs() throws {
    let notes = Notes()
    let own = CurrentProcess.id
    let child = try ChildProcess.spawnBorrowing(lastWords: "") {
      notes.words.append(CurrentProcess.id == own ? "us" : "another")
      return 7
    }
    #expect(notes.words == ["another"])
    #expect(try child.wait() == .exited(7))
  }

  @Test func descriptorsAndDirectoriesAreItsOwn() throws {
    let pipe = try OwnedDescriptor.pipe()
    let fd = pipe.readEnd.raw
    let here = try FileTree.readLink("/proc/self/cwd")
    let child = try ChildProcess.spawnBorrowing(lastWords: "") {
      Descriptor.close(fd)
      return (try? CurrentProcess.changeDirectory("/")) == nil ? 1 : 0
    }
    #expect(try child.wait() == .exited(0))
    #expect(Descriptor.isOpen(fd))
    #expect(try FileTree.readLink("/proc/self/cwd") == here)
  }

  /// We go on when it executes a program, and not only when that ends.
  @Test func aProgramHasItsOwnMemory() throws {
    let pipe = try OwnedDescriptor.pipe()
    let fd = pipe.readEnd.raw
    let child = try ChildProcess.spawnBorrowing(lastWords: "") {
      var program = Program("/usr/bin/head", ["-c", "1"])
      program.descriptors = [(0, fd)]
      _ = try? program.become()
      return 127
    }
    try Descriptor.writeAll(pipe.writeEnd.raw, "x")
    #expect(try child.wait() == .exited(0))
  }

  /// Locks may be taken, and memory half changed.
  @Test func nobodyGoesOnAfterItWasKilled() throws {
    let pipe = try OwnedDescriptor.pipe()
    let fd = pipe.writeEnd.raw
    let borrower = try ChildProcess.spawn {
      try? Descriptor.replace(2, with: fd)
      _ = try? ChildProcess.spawnBorrowing(lastWords: "lost\n") {
        CurrentProcess.die(bySignal: SignalSet.kill)
      }
      return 0
    }
    #expect(try borrower.wait() == .exited(125))
    #expect(
      String(decoding: try Descriptor.read(pipe.readEnd.raw, upTo: 64), as: UTF8.self) == "lost\n")
  }

  /// Deep calls have room, as on any main thread.
  @Test func itsStackIsLarge() throws {
    func depth(_ left: Int) -> Int { left == 0 ? 0 : depth(left - 1) + 1 }
    let child = try ChildProcess.spawnBorrowing(lastWords: "") { depth(20_000) == 20_000 ? 0 : 1 }
    #expect(try child.wait() == .exited(0))
  }
}
