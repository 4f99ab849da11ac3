import LinuxSystem
import Model

/// The monitor's ends of a container's standard streams, for one run of it: two or three pipes, or
/// the master of its terminal.
final class ContainerStreams {
  /// The container's standard output, or its terminal's master; nil when ended.
  private(set) var output: HeldDescriptor?
  /// The container's standard error, and before that the runtime's; nil when ended.
  private(set) var errors: HeldDescriptor?
  /// Where input goes: the pipe, or the terminal's master.
  private(set) var input: HeldDescriptor?
  /// The terminal's master under a second number: a descriptor is watched only once (epoll(7)).
  private(set) var inputDuplicate: HeldDescriptor?
  let hasTerminal: Bool
  /// The container's ends, until it has been created.
  private var childEnds: [(child: Int32, end: HeldDescriptor)] = []
  private var queue: [UInt8] = []
  private var written = 0
  private var endsAfterQueue = false

  init(_ order: MonitorOrder) throws(SystemError) {
    hasTerminal = order.terminal
    if order.log.driver.passesStreams && !order.terminal { return }
    if order.keepsStandardInput && !order.terminal {
      let pipe = try HeldDescriptor.pipe()
      try Descriptor.setNonBlocking(pipe.writeEnd.raw, true)
      input = pipe.writeEnd
      childEnds.append((0, pipe.readEnd))
    } else {
      childEnds.append((0, HeldDescriptor(try OwnedDescriptor.open("/dev/null"))))
    }
    // With a terminal only the runtime writes to this pipe, when it fails.
    errors = try addOutputPipe(order.terminal ? [1, 2] : [2])
    if !order.terminal { output = try addOutputPipe([1]) }
  }

  /// Those of a container whose first run was begun before the monitor's program.
  init(ofBegunRun order: MonitorOrder) throws(SystemError) {
    hasTerminal = false
    let take = { (fd: Int32) throws(SystemError) in
      let end = HeldDescriptor(OwnedDescriptor(owning: fd))
      try Descriptor.setNonBlocking(end.raw, true)
      return end
    }
    output = try take(MonitorOrder.outputDescriptor)
    errors = try take(MonitorOrder.errorDescriptor)
    if order.keepsStandardInput { input = try take(MonitorOrder.inputDescriptor) }
  }

  private func addOutputPipe(_ children: [Int32]) throws(SystemError) -> HeldDescriptor {
    let pipe = try HeldDescriptor.pipe()
    try Descriptor.setNonBlocking(pipe.readEnd.raw, true)
    for child in children { childEnds.append((child, pipe.writeEnd)) }
    return pipe.readEnd
  }

  /// What the runtime is given, to pass it on to the container.
  var childDescriptors: [(child: Int32, ours: Int32)] {
    childEnds.map { ($0.child, $0.end.raw) }
  }

  /// Closes the container's ends: it has its own copies now.
  func containerHasItsEnds() { childEnds = [] }

  /// Takes the terminal's master, once the container has been created.
  func useTerminal(_ master: HeldDescriptor) throws(SystemError) {
    try Descriptor.setNonBlocking(master.raw, true)
    inputDuplicate = try master.duplicate()
    output = master
    input = master
    errors = nil
  }

  func resize(_ size: WindowSize) {
    guard hasTerminal, let output else { return }
    // Failure is fine: the terminal's other side may just have ended.
    try? PseudoTerminal.setSize(output.raw, rows: size.rows, columns: size.columns)
  }

  func close(_ stream: OutputStream) {
    switch stream {
    case .standardOutput:
      output = nil
      if hasTerminal { dropInput() }
    case .standardError: errors = nil
    }
  }

  subscript(stream: OutputStream) -> HeldDescriptor? {
    stream == .standardOutput ? output : errors
  }

  // MARK: - Standard input

  var hasQueuedInput: Bool { written < queue.count }

  /// Passes bytes on, queueing what is not taken now.
  func write(_ bytes: ArraySlice<UInt8>) {
    guard input != nil, !endsAfterQueue else { return }
    queue += bytes
    flushInput()
  }

  /// No more input comes: the pipe is closed, or the terminal sent its end-of-file character.
  func endInput() {
    guard input != nil, !endsAfterQueue else { return }
    if hasTerminal {
      // VEOF as the kernel sets it (termios(3)); a program in raw mode sees the character.
      write([0x04])
    } else {
      endsAfterQueue = true
      flushInput()
    }
  }

  func flushInput() {
    guard let input else { return }
    do throws(SystemError) {
      while hasQueuedInput {
        let count = try Descriptor.writeNow(
          input.raw, queue, from: written, count: queue.count - written)
        if count == 0 { return }
        written += count
      }
    } catch {
      // Nobody reads any more (EPIPE, EIO): the rest of the input has no receiver.
      dropInput()
    }
    queue = []
    written = 0
    if endsAfterQueue { dropInput() }
  }

  func dropInput() {
    input = nil
    inputDuplicate = nil
    queue = []
    written = 0
  }
}
