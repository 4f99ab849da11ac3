import LinuxSystem
import Testing

@Suite struct EventLoopTests {
  @Test func tellsWhatIsReady() throws {
    var loop = try EventLoop()
    let pipe = try OwnedDescriptor.pipe(nonBlocking: true)
    try loop.add(pipe.readEnd.raw, .readable, token: 7)
    #expect(try loop.wait(milliseconds: 0).isEmpty)
    try Descriptor.writeAll(pipe.writeEnd.raw, "x")
    let events = try loop.wait(milliseconds: 1_000)
    #expect(events.map(\.token) == [7])
    #expect(events.first?.ready.contains(.readable) == true)
    try loop.remove(pipe.readEnd.raw)
    #expect(try loop.wait(milliseconds: 0).isEmpty)
  }

  @Test func aClosedWriterIsAHangUp() throws {
    var loop = try EventLoop()
    let reader = try OwnedDescriptor.pipe().split { readEnd, writeEnd in readEnd }
    try loop.add(reader.raw, [], token: 1)
    #expect(try loop.wait(milliseconds: 1_000).first?.ready == .hangUp)
  }

  @Test func changesWhatIsWaitedFor() throws {
    var loop = try EventLoop()
    let pair = try UnixSocket.pair()
    try loop.add(pair.readEnd.raw, .readable, token: 1)
    try loop.change(pair.readEnd.raw, .writable, token: 2)
    #expect(try loop.wait(milliseconds: 1_000).map(\.token) == [2])
  }

  @Test func nothingToReadNowIsNotTheEnd() throws {
    let pipe = try OwnedDescriptor.pipe(nonBlocking: true)
    var buffer = [UInt8](repeating: 0, count: 16)
    #expect(try Descriptor.readNow(pipe.readEnd.raw, into: &buffer, at: 4, limit: 8) == nil)
    try Descriptor.writeAll(pipe.writeEnd.raw, "0123456789")
    #expect(try Descriptor.readNow(pipe.readEnd.raw, into: &buffer, at: 4, limit: 8) == 8)
    #expect(Array(buffer[4..<12]) == Array("01234567".utf8))
    let reader = pipe.split { readEnd, writeEnd in readEnd }
    #expect(try Descriptor.readNow(reader.raw, into: &buffer, at: 0, limit: 16) == 2)
    #expect(try Descriptor.readNow(reader.raw, into: &buffer, at: 0, limit: 16) == 0)
  }

  @Test func terminalsHaveSizes() throws {
    let multiplexer = try OwnedDescriptor.open("/dev/ptmx", [.path])
    let terminal = try PseudoTerminal(multiplexer: multiplexer.raw)
    let (master, peer) = (terminal.master.raw, terminal.peer.raw)
    try PseudoTerminal.setSize(master, rows: 33, columns: 99)
    #expect(PseudoTerminal.size(peer).map { [$0.rows, $0.columns] } == [33, 99])
    let settings = try PseudoTerminal.makeRaw(peer)
    try Descriptor.writeAll(peer, "\n")
    #expect(try Descriptor.read(master, upTo: 8) == [0x0A])
    try PseudoTerminal.restore(peer, settings)
    try Descriptor.writeAll(peer, "\n")
    #expect(try Descriptor.read(master, upTo: 8) == [0x0D, 0x0A])
    #expect(PseudoTerminal.size(try OwnedDescriptor.open("/dev/null").raw) == nil)
  }
}
