import LinuxSystem

/// Carries bytes between our terminal and a process's, and forwards signals, until the process
/// ends.
struct TerminalRelay {
  var terminal: Int32

  func relay(_ child: borrowing ChildProcess) throws(SystemError) -> ProcessEnd {
    let signals = try SignalDescriptor()
    var settings: PseudoTerminal.Settings?
    if terminal >= 0 {
      resize()
      if Descriptor.isTerminal(0) { settings = try PseudoTerminal.makeRaw(0) }
    }
    defer {
      // Our own terminal is gone when this fails; nothing is left to restore.
      if let settings { try? PseudoTerminal.restore(0, settings) }
    }
    var loop = try EventLoop()
    try loop.add(signals.descriptor.raw)
    try loop.add(child.pidfd.raw)
    if terminal >= 0 {
      try loop.add(terminal)
      // A regular file or /dev/null cannot be polled: it is read when there is nothing to wait for.
      try? loop.add(0)
    }
    while true {
      for ready in try loop.wait(milliseconds: -1).map(\.descriptor) {
        switch ready {
        case child.pidfd.raw:
          if terminal >= 0 { try drain() }
          return try child.wait()
        case signals.descriptor.raw: try forward(signals, child)
        case terminal:
          if try !pass(from: terminal, to: 1) { try loop.remove(terminal) }
        default:
          if try !pass(from: 0, to: terminal) {
            try loop.remove(0)
            // End of input, as the terminal's line discipline spells it.
            try? Descriptor.writeAll(terminal, [4])
          }
        }
      }
    }
  }

  private func resize() {
    guard let size = PseudoTerminal.standardSize else { return }
    try? PseudoTerminal.setSize(terminal, rows: size.rows, columns: size.columns)
  }

  private func forward(_ signals: borrowing SignalDescriptor, _ child: borrowing ChildProcess)
    throws(SystemError)
  {
    while let signal = try signals.next() {
      switch signal {
      case SignalDescriptor.windowChanged: if terminal >= 0 { resize() }
      // Somebody who no longer reads our output is no concern of the process's.
      case SignalDescriptor.childEnded, SignalDescriptor.brokenPipe: continue
      default:
        // It may have ended since.
        try? child.kill(signal)
      }
    }
  }

  /// False at the end of input (EIO: the terminal's last user has gone).
  private func pass(from source: Int32, to target: Int32) throws(SystemError) -> Bool {
    do throws(SystemError) {
      let bytes = try Descriptor.read(source, upTo: 32_768)
      if bytes.isEmpty { return false }
      try Descriptor.writeAll(target, bytes)
      return true
    } catch {
      if error.errno == Errno.ioError || error.errno == Errno.brokenPipe { return false }
      throw error
    }
  }

  private func drain() throws(SystemError) {
    try Descriptor.setNonBlocking(terminal, true)
    do throws(SystemError) {
      while try pass(from: terminal, to: 1) {}
    } catch {
      guard error.errno == Errno.again else { throw error }
    }
  }
}
