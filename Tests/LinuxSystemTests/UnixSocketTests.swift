import LinuxSystem
import Testing

@Suite struct UnixSocketTests {
  private func directory(depth: Int) throws -> String {
    let random = try CurrentProcess.randomBytes(6).map { String($0, radix: 16) }.joined()
    let base = "/tmp/martlet-socket-test-\(random)"
    let path = base + (0..<depth).map { _ in "/a-directory-with-a-long-name" }.joined()
    try FileTree.ensureDirectory(path)
    return path
  }

  private func base(_ path: String) -> String {
    path.split(separator: "/").prefix(2).reduce("") { $0 + "/" + $1 }
  }

  @Test(arguments: [0, 20])
  func aPathMayHaveAnyLength(depth: Int) throws {
    let path = try directory(depth: depth)
    defer { try? FileTree.removeTree(base(path)) }
    let opened = try OwnedDescriptor.open(path, [.path, .directory])
    let listener = try UnixSocket.listen(directory: opened.raw, name: "socket")
    #expect(try FileStatus.of("\(path)/socket").permissions == 0o600)
    let client = try UnixSocket.connect(path: "\(path)/socket")
    guard let server = try UnixSocket.accept(listener.raw) else {
      Issue.record("no connection")
      return
    }
    #expect(try UnixSocket.sendNow(client.raw, [1, 2, 3], from: 1) == 2)
    #expect(try Descriptor.read(server.raw, upTo: 10) == [2, 3])
    let peer = try UnixSocket.peer(server.raw)
    #expect(peer.uid == CurrentProcess.effectiveUser && peer.pid == CurrentProcess.id)
    try UnixSocket.finishSending(client.raw)
    #expect(try Descriptor.read(server.raw, upTo: 10) == [])
  }

  /// SIGPIPE would end the test.
  @Test func whoSendsToAClosedConnectionIsTold() throws {
    let ours = try SocketPair.stream().takeFirst()
    #expect {
      try UnixSocket.sendAll(ours.raw, [1])
    } throws: { error in
      (error as? SystemError)?.errno == Errno.brokenPipe
    }
  }

  @Test func listeningAgainReplacesTheSocket() throws {
    let path = try directory(depth: 0)
    defer { try? FileTree.removeTree(path) }
    let opened = try OwnedDescriptor.open(path, [.path, .directory])
    for _ in 0..<2 { _ = try UnixSocket.listen(directory: opened.raw, name: "s") }
    #expect(throws: SystemError.self) { _ = try UnixSocket.connect(path: "\(path)/s") }
    #expect(throws: SystemError.self) { _ = try UnixSocket.connect(path: "\(path)/missing") }
  }

  @Test func descriptorsTravel() throws {
    let pair = try UnixSocket.pair()
    let pipe = try OwnedDescriptor.pipe()
    try UnixSocket.send(pair.writeEnd.raw, [9], descriptors: [pipe.writeEnd.raw])
    let message = try UnixSocket.receive(pair.readEnd.raw)
    #expect(message.bytes == [9])
    guard let received = message.takeDescriptor() else {
      Issue.record("no descriptor")
      return
    }
    try Descriptor.writeAll(received.raw, "through")
    #expect(try Descriptor.read(pipe.readEnd.raw, upTo: 20) == Array("through".utf8))
  }

  @Test func aFullSocketTakesNothing() throws {
    let pair = try UnixSocket.pair()
    let piece = [UInt8](repeating: 1, count: 65_536)
    var total = 0
    while case let sent = try UnixSocket.sendNow(pair.writeEnd.raw, piece), sent > 0 {
      total += sent
    }
    #expect(total > 0)
    let peer = pair.split { readEnd, writeEnd in writeEnd }
    #expect(throws: SystemError.self) { _ = try UnixSocket.sendNow(peer.raw, piece) }
  }
}
