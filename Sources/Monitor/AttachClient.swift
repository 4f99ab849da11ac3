import LinuxSystem
import Model

/// One connection of the attach protocol.
///
/// What a client does not take at once is queued. The queue of the sync client has no limit of its
/// own: `isCongested` tells to stop reading from the container until the client has caught up. Any
/// other client loses output past `queueLimit`, and is told how much.
final class AttachClient {
  enum Input {
    case data(ArraySlice<UInt8>)
    case frame(AttachFrame)
  }

  static let queueLimit = 262_144
  private static let congestion = 65_536

  let socket: OwnedDescriptor
  let token: UInt64
  let isSync: Bool
  /// Nil until the client has sent `attach`.
  var streams: AttachStreams?
  /// To be closed when its queue is empty.
  var isLeaving = false
  /// Not read from: what it sent last does not fit the container's standard input.
  var isHeld = false
  private(set) var isBroken = false
  /// What the event loop watches it for now; nil: nothing.
  var watched: EventLoop.Interest?

  private var header: [UInt8] = []
  private var payload: [UInt8] = []
  private var current: (kind: AttachFrame.Kind, remaining: Int)?
  private var queue: [UInt8] = []
  private var sent = 0
  private var lost: UInt64 = 0

  init(_ socket: consuming OwnedDescriptor, token: UInt64, isSync: Bool) throws(SystemError) {
    try socket.setNonBlocking(true)
    self.socket = socket
    self.token = token
    self.isSync = isSync
  }

  var hasQueue: Bool { sent < queue.count }
  var isCongested: Bool { isSync && !isBroken && queue.count - sent > Self.congestion }

  // MARK: - To the client

  /// Sends a message of container output: `count` bytes of `buffer`, of which the first 8 are its
  /// header.
  func sendOutput(_ buffer: [UInt8], count: Int) {
    if !isSync && queue.count - sent + count > Self.queueLimit {
      lost += UInt64(count - AttachFrame.headerSize)
      return
    }
    send(buffer, count: count)
  }

  func send(_ frame: AttachFrame) {
    let bytes = frame.bytes
    send(bytes, count: bytes.count)
  }

  private func send(_ bytes: [UInt8], count: Int) {
    guard !isBroken else { return }
    var done = 0
    if !hasQueue { done = sendNow(bytes, from: 0, count: count) }
    if done < count && !isBroken { queue += bytes[done..<count] }
  }

  /// Sends on what is queued.
  func flush() {
    while hasQueue && !isBroken {
      let done = sendNow(queue, from: sent, count: queue.count - sent)
      if done == 0 { break }
      sent += done
    }
    guard !hasQueue else {
      // The sent part is let go in steps, so that a long queue is not moved for every packet.
      if sent > Self.congestion {
        queue.removeFirst(sent)
        sent = 0
      }
      return
    }
    queue = []
    sent = 0
    if lost > 0 {
      let bytes = lost
      lost = 0
      send(.lost(bytes: bytes))
    }
  }

  private func sendNow(_ bytes: [UInt8], from start: Int, count: Int) -> Int {
    do throws(SystemError) {
      return try UnixSocket.sendNow(socket.raw, bytes, from: start, count: count)
    } catch {
      // It is gone; the loop removes it.
      isBroken = true
      return 0
    }
  }

  // MARK: - From the client

  func markBroken() { isBroken = true }

  /// Takes bytes that came from the client and calls `handle` for what they are.
  ///
  /// Input data is passed on as it comes, so that no message needs to be kept whole.
  func receive(_ bytes: ArraySlice<UInt8>, _ handle: (Input) -> Void) {
    var rest = bytes
    while !isBroken {
      guard let (kind, remaining) = current else {
        let missing = AttachFrame.headerSize - header.count
        header += rest.prefix(missing)
        rest = rest.dropFirst(missing)
        guard header.count == AttachFrame.headerSize else { return }
        startMessage()
        if !isBroken && current?.remaining == 0 { endMessage(handle) }
        continue
      }
      if rest.isEmpty { return }
      let part = rest.prefix(remaining)
      rest = rest.dropFirst(remaining)
      if kind == .standardInput { handle(.data(part)) } else { payload += part }
      current = (kind, remaining - part.count)
      if part.count == remaining { endMessage(handle) }
    }
  }

  private func startMessage() {
    // A health check with its paths.
    let longestControl = 16_384
    guard let (kind, length) = AttachFrame.parse(header: header), kind.rawValue < 65,
      kind == .standardInput || length <= longestControl
    else {
      isBroken = true
      return
    }
    header.removeAll(keepingCapacity: true)
    current = (kind, length)
  }

  private func endMessage(_ handle: (Input) -> Void) {
    guard let kind = current?.kind else { return }
    current = nil
    if kind == .standardInput { return }
    let frame = AttachFrame(kind, payload: payload)
    payload.removeAll(keepingCapacity: true)
    guard let frame else {
      isBroken = true
      return
    }
    handle(.frame(frame))
  }
}
