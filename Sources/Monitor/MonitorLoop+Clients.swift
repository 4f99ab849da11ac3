import LinuxSystem
import Model

extension MonitorLoop {
  static let clientLimit = 64

  func acceptClients() {
    // A connection that fails is its client's loss.
    while let socket = try? UnixSocket.accept(listener.raw) {
      guard clients.count < Self.clientLimit, isAllowed(socket.raw) else { continue }
      try? addClient(socket, isSync: false)
    }
  }

  private func isAllowed(_ fd: Int32) -> Bool {
    guard let peer = try? UnixSocket.peer(fd) else { return false }
    return peer.uid == 0 || peer.uid == CurrentProcess.effectiveUser
      || order.allowedUsers.contains(peer.uid)
  }

  func addClient(_ socket: consuming OwnedDescriptor, isSync: Bool) throws(SystemError) {
    let client = try AttachClient(socket, token: nextToken, isSync: isSync)
    nextToken += 1
    if isSync { client.streams = order.attached }
    clients.append(client)
    updateWatch(client)
  }

  /// Watches a client for what it is wanted for now.
  func updateWatch(_ client: AttachClient) {
    var wanted: EventLoop.Interest = []
    if !client.isHeld && !client.isLeaving { wanted.insert(.readable) }
    if client.hasQueue { wanted.insert(.writable) }
    let next = wanted.isEmpty ? nil : wanted
    guard next != client.watched else { return }
    do throws(SystemError) {
      switch (client.watched, next) {
      case (nil, let next?): try loop.add(client.socket.raw, next, token: client.token)
      case (_?, let next?): try loop.change(client.socket.raw, next, token: client.token)
      case (_?, nil): try loop.remove(client.socket.raw)
      case (nil, nil): break
      }
      client.watched = next
    } catch { client.markBroken() }
  }

  func read(_ client: AttachClient) {
    do throws(SystemError) {
      guard
        let count = try Descriptor.readNow(
          client.socket.raw, into: &buffer, at: 0, limit: Self.bufferSize)
      else { return }
      if count == 0 {
        client.markBroken()
        return
      }
      client.receive(buffer[..<count]) { input in
        switch input {
        case .data(let bytes):
          guard client.streams?.contains(.standardInput) == true else { return }
          self.streams.write(bytes)
        case .frame(let frame): self.obey(frame, from: client)
        }
      }
      if streams.hasQueuedInput && client.streams?.contains(.standardInput) == true {
        client.isHeld = true
      }
    } catch { client.markBroken() }
  }

  private func obey(_ frame: AttachFrame, from client: AttachClient) {
    switch frame {
    case .attach(let wanted):
      client.streams = wanted
      client.send(.status(live.record))
      for frame in lastFrames { client.send(frame) }
    case .standardInputEnd:
      if client.streams?.contains(.standardInput) == true { streams.endInput() }
    case .resize(let size): streams.resize(size)
    case .start: startRequested = true
    case .signal(let number):
      let signal = Int32(number)
      if signal == order.stopSignal || signal == SignalSet.kill {
        stopRequested = true
        isStoppedByUser = true
        if phase == .creating || phase == .starting { abandonRuntime(after: 0) }
      }
      signalInit(signal)
    case .reopenLog: log.reopen()
    case .paused(let isPaused):
      guard phase == .running, live.status == (isPaused ? .running : .paused) else { return }
      record(isPaused ? .paused : .running)
    case .stop(let milliseconds):
      isStoppedByUser = true
      stop(milliseconds: Int64(milliseconds))
    case .restart(let milliseconds):
      guard phase == .running else { return }
      stop(milliseconds: Int64(milliseconds))
      stopRequested = false
      restartRequested = true
      isRestartCounted = false
    case .renamed(let name): self.name = name
    case .restartPolicy(let policy): restartPolicy = policy
    case .healthOrder(let health): changeHealthChecks(health)
    case .checkHealth(let probing): obeyHealth(probing: probing, from: client)
    default: client.markBroken()
    }
  }

  /// A client is gone: what it alone kept up ends.
  func left(_ client: AttachClient) {
    if order.standardInputOnce && client.streams?.contains(.standardInput) == true
      && phase != .ended
    {
      streams.endInput()
    }
  }
}
