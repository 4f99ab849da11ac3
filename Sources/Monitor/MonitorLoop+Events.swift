import LinuxSystem
import Model

extension MonitorLoop {
  /// Handles events until `done`, or until the monotonic clock reads `deadline`; whether `done`.
  @discardableResult
  func pump(deadline: Int64? = nil, until done: () -> Bool) throws(MonitorError) -> Bool {
    settle()
    while !done() {
      let now = Clock.monotonic()
      if let deadline, now >= deadline { return false }
      checkTimers(now)
      let next = [deadline, killDeadline, timeoutDeadline, healthDeadline, trimTime].compactMap(
        \.self
      ).min()
      let wait = next.map { max(0, ($0 - now + 999_999) / 1_000_000) } ?? -1
      let events = try step("wait for events") { () throws(SystemError) in
        try loop.wait(milliseconds: Int32(clamping: wait))
      }
      for event in events { handle(event) }
      settle()
    }
    return true
  }

  /// Brings what is watched in line with what has happened.
  private func settle() {
    clients.removeAll { client in
      let gone = client.isBroken || (client.isLeaving && !client.hasQueue)
      if gone {
        // A program that is being started has a copy for some moments, and would keep it watched.
        if client.watched != nil { _ = try? loop.remove(client.socket.raw) }
        left(client)
      }
      return gone
    }
    updateStreamWatches()
  }

  private func checkTimers(_ now: Int64) {
    if let at = killDeadline, now >= at {
      killDeadline = nil
      signalInit(SignalSet.kill)
    }
    if let at = timeoutDeadline, now >= at {
      timeoutDeadline = nil
      hasTimedOut = true
      stopRequested = true
      signalInit(SignalSet.kill)
    }
    if let at = trimTime, now >= at {
      trimTime = nil
      if phase == .running { CurrentProcess.releaseMemory() }
    }
    if phase == .running { checkHealthTimers(now) }
  }

  private func handle(_ event: EventLoop.Event) {
    switch event.token {
    case Token.signals: readSignals()
    case Token.listener: acceptClients()
    case Token.output: relay(.standardOutput)
    case Token.errors: relay(.standardError)
    case Token.input: streams.flushInput()
    case Token.probe: readProbe()
    case Token.notify: notify?.relay()
    case Token.started: readWord()
    case Token.networkReady: helper?.readReadiness()
    case Token.networkErrors: helper?.readErrors(using: &buffer)
    default:
      guard let client = clients.first(where: { $0.token == event.token }) else { return }
      if event.ready.contains(.writable) { client.flush() }
      if event.ready.contains(.readable) {
        read(client)
      } else if !event.ready.isDisjoint(with: [.hangUp, .error]) {
        client.markBroken()
      }
      updateWatch(client)
    }
  }

  // MARK: - Signals and children

  private func readSignals() {
    // A signalfd that cannot be read has nothing for us.
    while let (signal, _) = try? signals.receive() {
      if signal == SignalSet.child {
        reap()
      } else {
        stop(milliseconds: order.stopTimeout * 1_000)
      }
    }
  }

  /// Reaps what has ended.
  ///
  /// Before the container's init is known only the children that are known are asked for, since its
  /// status must not get lost among the orphans'.
  func reap() {
    if initPid != nil {
      while let (pid, end) = try? ChildProcess.reapAny() { ended(pid, end) }
      return
    }
    for pid in [runtimePid, helper?.pid].compactMap(\.self) {
      if let end = try? ChildProcess.reapIfEnded(pid) { ended(pid, end) }
    }
  }

  private func ended(_ pid: Int32, _ end: ProcessEnd) {
    if pid == runtimePid {
      runtimePid = nil
      runtimeEnd = end
    } else if pid == initPid && initEnd == nil {
      initEnd = end
      finished = Clock.realtime()
    } else if !probeEnded(pid, end) {
      // Anything else is an orphan of the container's, reaped and forgotten.
      _ = helper?.ended(pid, end)
    }
  }

  // MARK: - The container's output

  /// Reads one piece of output and gives it to the log and the clients.
  func relay(_ stream: OutputStream) {
    guard let source = streams[stream] else { return }
    let start = AttachFrame.headerSize
    do throws(SystemError) {
      guard
        let count = try Descriptor.readNow(
          source.raw, into: &buffer, at: start, limit: Self.bufferSize)
      else { return }
      if count == 0 {
        streams.close(stream)
        markUnwatched(stream)
        return
      }
      if stream == .standardError && phase == .creating {
        errorText += buffer[start..<(start + count)].prefix(Self.errorTextLimit - errorText.count)
        return
      }
      deliver(stream, count: count)
    } catch {
      // EIO: the last process that had the terminal open has ended (pty(7)).
      streams.close(stream)
      markUnwatched(stream)
    }
  }

  /// Gives `count` bytes, which follow the header's space in the buffer, to everybody.
  private func deliver(_ stream: OutputStream, count: Int) {
    let start = AttachFrame.headerSize
    log.write(buffer[start..<(start + count)], of: stream)
    let kind = stream == .standardOutput ? AttachFrame.Kind.standardOutput : .standardError
    let wanted = stream == .standardOutput ? AttachStreams.standardOutput : .standardError
    var hasHeader = false
    for client in clients where client.streams?.contains(wanted) == true && !client.isLeaving {
      if !hasHeader {
        buffer.replaceSubrange(..<start, with: AttachFrame.header(kind, length: count))
        hasHeader = true
      }
      client.sendOutput(buffer, count: start + count)
      updateWatch(client)
    }
  }

  /// What the runtime wrote to the container's standard error while it succeeded belongs to the
  /// container's output.
  func releaseErrorText() {
    for start in stride(from: 0, to: errorText.count, by: Self.bufferSize) {
      let part = errorText[start..<min(start + Self.bufferSize, errorText.count)]
      let at = AttachFrame.headerSize
      buffer.replaceSubrange(at..<(at + part.count), with: part)
      deliver(.standardError, count: part.count)
    }
    errorText = []
  }

  /// Takes the outputs out of the loop while the sync client is congested, and back in.
  func updateStreamWatches() {
    let open = !clients.contains { $0.isCongested }
    watchedOutputs.output = update(
      streams.output, watched: watchedOutputs.output, wanted: open, token: Token.output)
    watchedOutputs.errors = update(
      streams.errors, watched: watchedOutputs.errors, wanted: open, token: Token.errors)
    updateInputWatch()
  }

  private func update(
    _ source: HeldDescriptor?, watched: Bool, wanted: Bool, token: UInt64
  ) -> Bool {
    guard let source, watched != wanted else { return source == nil ? false : watched }
    do throws(SystemError) {
      if wanted {
        try loop.add(source.raw, .readable, token: token)
      } else {
        try loop.remove(source.raw)
      }
      return wanted
    } catch { return watched }
  }

  private func markUnwatched(_ stream: OutputStream) {
    switch stream {
    case .standardOutput: watchedOutputs.output = false
    case .standardError: watchedOutputs.errors = false
    }
  }

  /// Waits for room in the container's input while something is queued; then lets the clients go on
  /// that were held.
  ///
  /// A terminal's master is watched under a number of its own.
  private func updateInputWatch() {
    if streams.hasQueuedInput != watchesInput, let input = inputToWatch {
      do throws(SystemError) {
        if watchesInput {
          try loop.remove(input.raw)
        } else {
          try loop.add(input.raw, .writable, token: Token.input)
        }
        watchesInput.toggle()
      } catch { streams.dropInput() }
    }
    if streams.input == nil { watchesInput = false }
    guard !streams.hasQueuedInput else { return }
    for client in clients where client.isHeld {
      client.isHeld = false
      updateWatch(client)
    }
  }

  private var inputToWatch: HeldDescriptor? {
    streams.hasTerminal ? streams.inputDuplicate : streams.input
  }
}
