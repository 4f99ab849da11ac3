import LinuxSystem
import Model

/// Looks after a process of `exec` with a terminal, in a session of its own, from the runtime's call to
/// the process's end: its client may come to an end before.
///
/// To the client it is what a monitor is to `attach`. It holds the terminal's master side, so that a
/// process whose client has gone is not hung up on, and its output is read and dropped.
struct ExecKeeper: ~Copyable {
  /// What the runtime left: the process, now our child, and its terminal, or how the call ended.
  enum Started: ~Copyable {
    case process(pid: Int32, terminal: OwnedDescriptor)
    case failed(ProcessEnd)
  }

  /// Output that a terminal may still hold when its process has ended; somebody else's may go on.
  private static let lastOutput = 1 << 20

  private let pid: Int32
  private let terminal: OwnedDescriptor
  private let client: Int32
  private var clientIsThere: Bool
  private var reader = AttachFrameReader()
  private var input: [UInt8] = []
  private var output: [UInt8] = []
  private var loop: EventLoop

  /// `client`: its socket; nil when nobody will be there.
  init(pid: Int32, terminal: consuming OwnedDescriptor, client: Int32?) throws(SystemError) {
    self.pid = pid
    self.terminal = terminal
    self.client = client ?? -1
    clientIsThere = client != nil
    loop = try EventLoop()
  }

  /// Calls the runtime, which gets the path of a socket to send the terminal to.
  ///
  /// `directory`: where there is room for that socket.
  static func start(
    in directory: String, session: String, _ call: (String) throws -> ProcessEnd
  ) throws -> Started {
    let place = try OwnedDescriptor.open(directory, [.path, .directory])
    let name = "console-\(session.prefix(16))"
    let console = try UnixSocket.listen(directory: place.raw, name: name)
    // It is of no use once this has returned, however it has.
    defer { try? FileTree.unlink(name, in: place.raw) }
    let end = try call("/proc/\(CurrentProcess.id)/fd/\(place.raw)/\(name)")
    guard end == .exited(0) else { return .failed(end) }
    guard let pid = CurrentProcess.children().first,
      let terminal = try UnixSocket.acceptDescriptor(console.raw, milliseconds: 5_000)
    else { throw ErrorReport(.unavailable, "the runtime sent no terminal") }
    return .process(pid: pid, terminal: terminal)
  }

  /// Carries bytes between the terminal and the client, until the process ends; it is reaped.
  mutating func relay() throws(SystemError) -> ProcessEnd {
    guard let process = try ProcessHandle.find(pid) else { return try ChildProcess.reap(pid) }
    try Descriptor.setNonBlocking(terminal.raw, true)
    try loop.add(process.pidfd.raw)
    try loop.add(terminal.raw)
    if clientIsThere {
      try Descriptor.setNonBlocking(client, true)
      try loop.add(client)
    }
    while true {
      for event in try loop.wait(milliseconds: -1) {
        switch event.descriptor {
        case process.pidfd.raw: return try ChildProcess.reap(pid)
        case terminal.raw:
          if event.ready.contains(.hangUp) {
            // Nobody has it open any more.
            takeOutput(upTo: Self.lastOutput)
            try loop.remove(terminal.raw)
            continue
          }
          if event.ready.contains(.readable) { takeOutput(upTo: 32_768) }
          if event.ready.contains(.writable) { giveInput() }
        default:
          if event.ready.contains(.writable) { giveOutput() }
          if event.ready != .writable { takeFrames() }
        }
      }
      try watch()
    }
  }

  /// What the terminal still holds, and how the process ended, for a client that is there.
  mutating func finish(_ status: Int32) {
    takeOutput(upTo: Self.lastOutput)
    guard clientIsThere else { return }
    // A client that went meanwhile needs nothing.
    try? Descriptor.setNonBlocking(client, false)
    try? UnixSocket.sendAll(client, output)
    try? UnixSocket.sendAll(client, AttachFrame.exit(.init(code: status)).bytes)
  }

  /// Each side is read when the other has taken what came before.
  private func watch() throws(SystemError) {
    var ofTerminal: EventLoop.Interest = output.isEmpty ? [.readable] : []
    if !input.isEmpty { ofTerminal.insert(.writable) }
    // The terminal is not in the loop when nobody has it open.
    try? loop.change(terminal.raw, ofTerminal, token: UInt64(terminal.raw))
    guard clientIsThere else { return }
    var ofClient: EventLoop.Interest = input.isEmpty ? [.readable] : []
    if !output.isEmpty { ofClient.insert(.writable) }
    try loop.change(client, ofClient, token: UInt64(client))
  }

  private mutating func takeOutput(upTo limit: Int) {
    var taken = 0
    while taken < limit {
      // EAGAIN: that was all; EIO: nobody has it open.
      guard let bytes = try? Descriptor.read(terminal.raw, upTo: 32_768), !bytes.isEmpty else {
        break
      }
      taken += bytes.count
      if clientIsThere { output += AttachFrame.standardOutput(bytes).bytes }
    }
    giveOutput()
  }

  private mutating func giveOutput() {
    guard clientIsThere, !output.isEmpty else { return }
    guard let count = try? UnixSocket.sendNow(client, output) else { return dropClient() }
    output.removeFirst(count)
  }

  private mutating func giveInput() {
    guard !input.isEmpty else { return }
    // EIO: nobody has it open.
    guard let count = try? Descriptor.writeNow(terminal.raw, input, from: 0, count: input.count)
    else { return input.removeAll() }
    input.removeFirst(count)
  }

  private mutating func takeFrames() {
    guard let bytes = try? Descriptor.read(client, upTo: 65_536), !bytes.isEmpty else {
      return dropClient()
    }
    reader.append(bytes)
    while let frame = reader.next() {
      switch frame {
      case .standardInput(let bytes): input += bytes
      // End of input, as the terminal's line discipline spells it.
      case .standardInputEnd: input.append(4)
      case .resize(let size):
        try? PseudoTerminal.setSize(terminal.raw, rows: size.rows, columns: size.columns)
      case .signal(let signal):
        // It is our child, not reaped yet.
        _ = try? ProcessHandle.find(pid)?.kill(Int32(signal))
      default: continue
      }
    }
    giveInput()
  }

  private mutating func dropClient() {
    clientIsThere = false
    output.removeAll()
    // It is in the loop, or closed.
    try? loop.remove(client)
  }
}
