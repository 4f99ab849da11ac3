public import LinuxSystem
public import Model

/// How an attached command ended.
public enum AttachOutcome: Equatable, Sendable {
  case exited(AttachFrame.ExitCode)
  /// The detach keys were typed.
  case detached
  /// Nobody reads our standard output any more; the container goes on.
  case outputClosed
  /// The container did not get as far as running.
  case failed(ErrorReport)
  /// The monitor went away without a word.
  case monitorLost
}

/// Carries the caller's streams and signals to a container and its output back, until it ends.
public struct AttachSession: ~Copyable {
  private let socket: OwnedDescriptor
  private let streams: AttachStreams
  private let isTerminal: Bool
  private var detachKeys: DetachKeys
  private let passesSignals: Bool
  private var reader = AttachFrameReader()
  private var inputEnded = false
  /// Input that the socket had no room for.
  private var unsent: [UInt8] = []

  /// `isTerminal`: the container has a terminal: ours goes raw for as long as this lasts.
  public init(
    socket: consuming OwnedDescriptor, streams: AttachStreams, isTerminal: Bool,
    detachKeys: DetachKeys, passesSignals: Bool
  ) {
    self.socket = socket
    self.streams = streams
    self.isTerminal = isTerminal
    self.detachKeys = detachKeys
    self.passesSignals = passesSignals
  }

  public mutating func run() throws(SystemError) -> AttachOutcome {
    let signals = try SignalDescriptor()
    var settings: PseudoTerminal.Settings?
    let reads = streams.contains(.standardInput)
    let terminal: Int32 = reads ? 0 : 1
    if isTerminal, Descriptor.isTerminal(terminal) {
      settings = try PseudoTerminal.makeRaw(terminal, input: reads)
    }
    defer {
      // Nothing is left to restore when our terminal is gone.
      if let settings { try? PseudoTerminal.restore(terminal, settings) }
    }
    if isTerminal { sendSize() }
    var loop = try EventLoop()
    try loop.add(socket.raw)
    try loop.add(signals.descriptor.raw)
    var readsInputDirectly = false
    if streams.contains(.standardInput) {
      // A regular file or /dev/null cannot be polled (epoll_ctl(2), EPERM): it is always ready.
      do throws(SystemError) { try loop.add(0) } catch { readsInputDirectly = true }
    } else {
      inputEnded = true
    }
    var waits = false
    while true {
      let direct = readsInputDirectly && !inputEnded && unsent.isEmpty
      for event in try loop.wait(milliseconds: direct ? 0 : -1) {
        switch event.descriptor {
        case socket.raw:
          if event.ready.contains(.writable) { sendMore() }
          if event.ready != .writable, let outcome = try receive() { return outcome }
        case signals.descriptor.raw:
          if try passSignals(signals) { return .detached }
        default:
          if try passInput() { return .detached }
          if inputEnded { try loop.remove(0) }
        }
      }
      if direct, try passInput() { return .detached }
      guard waits == unsent.isEmpty else { continue }
      waits = !waits
      try loop.change(
        socket.raw, waits ? [.readable, .writable] : .readable, token: UInt64(socket.raw))
      if !readsInputDirectly && !inputEnded {
        try loop.change(0, waits ? [] : .readable, token: 0)
      }
    }
  }

  /// True when the detach keys were typed.
  private mutating func passInput() throws(SystemError) -> Bool {
    let bytes: [UInt8]
    do throws(SystemError) { bytes = try Descriptor.read(0, upTo: 32_768) } catch {
      // A terminal that hung up (EIO) is the end of input.
      guard error.errno == Errno.ioError || error.errno == Errno.badDescriptor else { throw error }
      bytes = []
    }
    guard !bytes.isEmpty else {
      inputEnded = true
      send(.standardInputEnd)
      return false
    }
    let (passed, detaches) = isTerminal ? detachKeys.filter(bytes) : (bytes, false)
    if !passed.isEmpty { send(.standardInput(passed)) }
    return detaches
  }

  /// Never waits: who does not read from us may wait for us to read.
  private mutating func send(_ frame: AttachFrame) {
    unsent += frame.bytes
    sendMore()
  }

  private mutating func sendMore() {
    guard let count = try? UnixSocket.sendNow(socket.raw, unsent) else {
      // The monitor has gone: reading tells.
      return unsent.removeAll()
    }
    unsent.removeFirst(count)
  }

  private mutating func sendSize() {
    guard let size = PseudoTerminal.standardSize else { return }
    send(.resize(WindowSize(rows: size.rows, columns: size.columns)))
  }

  /// True when our terminal has hung up: what runs on one of its own goes on.
  private mutating func passSignals(_ signals: borrowing SignalDescriptor) throws(SystemError)
    -> Bool
  {
    while let signal = try signals.next() {
      switch signal {
      case SignalDescriptor.windowChanged: if isTerminal { sendSize() }
      case SignalDescriptor.childEnded, SignalDescriptor.brokenPipe: continue
      case SignalSet.hangUp where isTerminal: return true
      default:
        guard passesSignals else { CurrentProcess.die(bySignal: signal) }
        send(.signal(UInt8(signal)))
      }
    }
    return false
  }

  private mutating func receive() throws(SystemError) -> AttachOutcome? {
    let bytes: [UInt8]
    do throws(SystemError) { bytes = try Descriptor.read(socket.raw, upTo: 65_536) } catch {
      if error.errno == Errno.connectionReset { return .monitorLost }
      throw error
    }
    if bytes.isEmpty { return .monitorLost }
    reader.append(bytes)
    while let frame = reader.next() {
      switch frame {
      case .standardOutput(let data): if !show(data, on: 1) { return .outputClosed }
      case .standardError(let data): show(data, on: 2)
      case .exit(let code): return .exited(code)
      case .failure(let report): return .failed(report)
      case .lost(let count):
        show(Array("martlet: warning: \(count) bytes of output were lost\n".utf8), on: 2)
      default: continue
      }
    }
    return reader.isBroken ? .monitorLost : nil
  }

  /// False when the reader has gone (EPIPE), or our terminal.
  @discardableResult
  private func show(_ data: [UInt8], on fd: Int32) -> Bool {
    let wanted: AttachStreams = fd == 1 ? .standardOutput : .standardError
    guard streams.contains(wanted) else { return true }
    return (try? Descriptor.writeAll(fd, data)) != nil
  }
}

/// The keys that leave a container running: `ctrl-p,ctrl-q` by default.
public struct DetachKeys: Sendable {
  private let sequence: [UInt8]
  private var matched = 0

  public static let standard = DetachKeys(sequence: [0x10, 0x11])

  private init(sequence: [UInt8]) { self.sequence = sequence }

  /// Reads `a`, `ctrl-x` and `,` separated lists of them; empty turns detaching off.
  public init(_ text: String) throws(ErrorReport) {
    var keys: [UInt8] = []
    for part in text.split(separator: ",") {
      if part.utf8.count == 1, let key = part.utf8.first {
        keys.append(key)
      } else if part.hasPrefix("ctrl-"), part.utf8.count == 6, let key = part.utf8.last,
        (0x40...0x5F).contains(key) || (0x61...0x7A).contains(key)
      {
        keys.append(key & 0x1F)
      } else {
        throw ErrorReport(
          .invalidRequest, "invalid detach key \"\(part)\"",
          hint: "write single characters or ctrl-LETTER, separated by commas")
      }
    }
    sequence = keys
  }

  /// What to pass on, and whether the sequence is complete.
  mutating func filter(_ bytes: [UInt8]) -> (passed: [UInt8], detaches: Bool) {
    guard !sequence.isEmpty else { return (bytes, false) }
    var passed: [UInt8] = []
    for byte in bytes {
      if byte == sequence[matched] {
        matched += 1
        if matched == sequence.count {
          matched = 0
          return (passed, true)
        }
        continue
      }
      passed += sequence[..<matched]
      matched = byte == sequence[0] ? 1 : 0
      if matched == 0 { passed.append(byte) }
    }
    return (passed, false)
  }
}
